/** A completion's parts: the reasoning and the answer. The delimiters belong to neither. */
export interface Section {
  kind: 'reasoning' | 'answer';
  /** UTF-16 units, end exclusive. */
  start: number;
  end: number;
}

/**
 * Splits a completion at its thinking delimiters.
 *
 * Known forms, in this order: `<think>…</think>` · `…</think>` whose opener was in the prompt · `<think>…` that was cut ·
 * harmony's `analysis` and `final` channels · `<|im_start|>think` … `<|im_start|>answer`. A text with none of them is all
 * answer when `reasoningAssumed` is false, all reasoning when the prompt had opened a thought.
 */
export function sections(completion: string, reasoningAssumed = false): Section[] {
  const harmony = channels(
    completion,
    /<\|channel\|>(analysis|commentary|final)<\|message\|>/g,
    (name) => name !== 'final',
  );
  if (harmony) return harmony;
  const imStart = channels(completion, /<\|im_start\|>(think|answer)\n?/g, (name) => name === 'think');
  if (imStart) return imStart;

  const open = completion.indexOf('<think>');
  const close = completion.lastIndexOf('</think>');
  const end = completion.length;
  if (close >= 0) {
    const from = open >= 0 && open < close ? open + '<think>'.length : 0;
    return [
      { kind: 'reasoning', start: from, end: close },
      { kind: 'answer', start: close + '</think>'.length, end },
    ];
  }
  if (open >= 0) return [{ kind: 'reasoning', start: open + '<think>'.length, end }];
  return [{ kind: reasoningAssumed ? 'reasoning' : 'answer', start: 0, end }];
}

function channels(text: string, header: RegExp, isReasoning: (name: string) => boolean): Section[] | null {
  const found = [...text.matchAll(header)];
  if (found.length === 0) return null;
  return found.map((match, i) => {
    const start = match.index + match[0].length;
    const limit = found[i + 1]?.index ?? text.length;
    const stop = text.slice(start, limit).search(/<\|(?:end|return|im_end|start)\|>/);
    return { kind: isReasoning(match[1] ?? '') ? 'reasoning' : 'answer', start, end: stop < 0 ? limit : start + stop };
  });
}
