import assert from 'node:assert/strict';
import { annotationPage, readAnnotations } from '../../../../core/traces/annotation-pages.ts';
import type { Annotations } from '../../../../core/protocol/traces.ts';
import { countSpans } from '../../../../core/behaviours/count.ts';
import type { Span } from '../../../../core/behaviours/spans.ts';

function annotated(n: number, length = n): Annotations {
  const spans = Array.from({ length: n }, (_, start): Span => {
    return {
      in: 'completion',
      start,
      end: start + 1,
      label: 'uncertainty',
      detector: 'd',
      version: '1',
      confidence: 1,
      evidence: '',
    };
  });
  return { trace: 'r/s/1/0', length, spans, counts: countSpans(spans), sections: [], steps: [] };
}

describe('annotations in several answers', () => {
  it('are one answer where spans are few', async () => {
    const whole = annotated(20_000);
    assert.equal(annotationPage(whole), whole);
    let asked = 0;
    assert.deepEqual(await readAnnotations(async () => ((asked += 1), annotationPage(whole))), whole);
    assert.equal(asked, 1);
  });

  it('are put together whole, in their order', async () => {
    const whole = annotated(50_001);
    const sizes: number[] = [];
    const read = await readAnnotations(async (from) => {
      const page = annotationPage(whole, from);
      sizes.push(page.spans.length);
      assert.deepEqual(page.counts, whole.counts, 'counts are of all');
      return page;
    });
    assert.deepEqual(sizes, [20_000, 20_000, 10_001]);
    assert.deepEqual(read, whole);
  });

  it('are read from the beginning where the text has grown meanwhile', async () => {
    const texts = [annotated(30_000), annotated(30_500)];
    const asked: (number | undefined)[] = [];
    const read = await readAnnotations(async (from) => {
      asked.push(from);
      return annotationPage(texts[asked.length === 1 ? 0 : 1]!, from);
    });
    assert.deepEqual(asked, [undefined, 20_000, undefined, 20_000]);
    assert.deepEqual(read, texts[1]);
  });
});
