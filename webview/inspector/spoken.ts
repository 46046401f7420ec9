/** What the inspector says of what changes elsewhere than where the focus is: another trace, its end, and how the page is read. */
import { useEffect, useRef } from 'preact/hooks';
import type { TraceDetail } from '../../core/protocol/traces.ts';
import type { ReadingSettings } from '../../core/protocol/webview.ts';
import { tokens } from '../ui/format.ts';
import { say } from '../ui/say.ts';
import { placeOf, verdictWords } from './columns.ts';

interface Spoken {
  trace: string | undefined;
  /** Of the open trace, once it is read. */
  detail: TraceDetail | null;
  settings: ReadingSettings;
}

export function useSpoken({ trace, detail, settings }: Spoken): void {
  const shown = useRef<{ trace: string; live: boolean } | null>(null);
  useEffect(() => {
    if (!detail || detail.trace !== trace) return;
    const before = shown.current;
    shown.current = { trace: detail.trace, live: detail.live };
    const verdict = verdictWords(detail);
    if (before?.trace === detail.trace) {
      if (before.live && !detail.live) say('trace', `It is written to its end: ${verdict}`);
      return;
    }
    // A list says its own row, and the first trace opens with the page.
    if (before === null || document.activeElement?.closest('[role=grid]')) return;
    const length = detail.tokens === null ? '' : `, ${tokens(detail.tokens, detail.tokensExact)} tokens`;
    say('trace', `${detail.problemLabel}, ${placeOf(detail)}, sample ${detail.sample + 1}, ${verdict}${length}`);
  }, [trace, detail?.trace, detail?.live]);

  const { raw, factsOpen, listOpen, tokenMark = null, hiddenLabels } = settings;
  useWhenChanged(raw, raw ? 'Raw text' : 'Text to read, with mathematics set');
  useWhenChanged(factsOpen, `Facts ${factsOpen ? 'open' : 'closed'}`);
  useWhenChanged(listOpen, `List ${listOpen ? 'open' : 'closed'}`);
  useWhenChanged(tokenMark, tokenMark === null ? 'No lines under tokens' : `Lines under tokens: ${tokenMark}`);
  useWhenChanged(hiddenLabels.length === 0, `${hiddenLabels.length === 0 ? 'All' : 'Not all'} highlights are shown`);
}

/** Says `words` when `value` has changed; a button that shows it says it itself while it has the focus. */
function useWhenChanged(value: unknown, words: string): void {
  const was = useRef(value);
  useEffect(() => {
    if (was.current === value) return;
    was.current = value;
    if (!document.activeElement?.matches('button')) say('view', words);
  }, [value]);
}
