/** The layers of a trace beside the detector's: one line each source. */
import type { Layer } from '../../core/protocol/layers.ts';
import type { IndexFile } from './index-file.ts';
import { judgeLayers } from './judge-layers.ts';
import { readerLayers } from './labels.ts';

type Source = (index: IndexFile, trace: string) => Layer[];

const sources: readonly Source[] = [readerLayers, judgeLayers];

/** What readers and judges say of a trace. */
export const otherLayers = (index: IndexFile, trace: string): Layer[] =>
  sources.flatMap((source) => source(index, trace));
