/** Whose spans are shown: a switch for each kind of layer that the trace has. */
import type { LayerKind } from '../../core/protocol/layers.ts';
import { layerKinds } from '../../core/protocol/layers.ts';
import { useStore } from '../ui/store.ts';
import type { OpenTrace } from './open-trace.ts';

const names: Record<LayerKind, string> = { detector: 'Detector', reader: 'Readers', judge: 'Judge' };

interface LayersProps {
  model: OpenTrace;
  shown: readonly LayerKind[];
  onShown: (kinds: LayerKind[]) => void;
}

/** Nothing where there is no choice. */
export function LayerSwitch({ model, shown, onShown }: LayersProps) {
  const { annotations } = useStore(model);
  const there = layerKinds.filter(
    (kind) => kind === 'detector' || annotations?.layers?.some((layer) => layer.kind === kind),
  );
  if (there.length < 2) return null;
  return (
    <div class="layer-switch" role="group" aria-label="Whose spans are shown">
      {there.map((kind) => {
        const isOn = shown.includes(kind);
        const who = (annotations?.layers ?? []).filter((layer) => layer.kind === kind).map(({ name }) => name);
        return (
          <button
            key={kind}
            class="chip"
            aria-pressed={isOn}
            title={who.length > 0 ? who.join(', ') : 'What the detector finds'}
            onClick={() => {
              const next = layerKinds.filter((one) => (one === kind ? !isOn : shown.includes(one)));
              onShown(next.length > 0 ? next : ['detector']);
            }}
          >
            {names[kind]}
          </button>
        );
      })}
    </div>
  );
}
