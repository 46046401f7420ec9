import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { candidates, extractAnswer, lastCandidates } from '../../../../core/answers/extract.ts';

/** The engine's tests hold the same list to the same answers. */
interface Case {
  name: string;
  text: string;
  prompt?: string;
  reasoningAssumed?: boolean;
  answer: [text: string, rule: string] | null;
  candidates?: [text: string, rule: string][];
  before?: string | null;
  after?: string | null;
}

const cases = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', '..', 'fixtures', 'answers', 'extraction.json'), 'utf8'),
) as Case[];

describe('extraction, where it is hard', () => {
  for (const { name, text, prompt, reasoningAssumed, answer, candidates: wanted, before, after } of cases) {
    it(name, () => {
      const options = { ...(prompt ? { prompt } : {}), ...(reasoningAssumed ? { reasoningAssumed } : {}) };
      const found = candidates(text, options);
      const chosen = extractAnswer(text, options);
      assert.deepEqual(chosen && [chosen.text, chosen.rule], answer);
      for (const one of chosen ? [...found, chosen] : found) assert.equal(text.slice(one.start, one.end), one.text);
      if (wanted) assert.deepEqual(found.map((one) => [one.text, one.rule]), wanted); // prettier-ignore
      const last = lastCandidates(found);
      if (before !== undefined) assert.equal(last.before?.text ?? null, before);
      if (after !== undefined) assert.equal(last.after?.text ?? null, after);
    });
  }
});
