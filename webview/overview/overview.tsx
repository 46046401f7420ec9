/** Figures over all traces of a run, every mark of which opens the traces behind it. */
import type { View } from '../../core/protocol/webview.ts';
import type { Page } from '../inspector/page.ts';
import { useStore } from '../ui/store.ts';
import { BackendBanner } from '../ui/states.tsx';

type OverviewView = Extract<View, { page: 'overview' }>;

export function Overview({ page, view }: { page: Page; view: OverviewView }) {
  const { backend } = useStore(page);
  return (
    <div class="dashboard" aria-label={view.run}>
      <BackendBanner backend={backend} host={page.host} />
    </div>
  );
}
