import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { JudgedTrace } from '../../../core/protocol/judge.ts';
import { AnswerCache } from '../../../server/judge/cache.ts';
import { atOnce } from '../../../core/metrics/slices.ts';
import { drawn as drawnSteps } from '../../../server/judge/choose.ts';
import { appendJudged, JudgedRecords, judgedPath } from '../../../server/judge/records.ts';
import { withFolder } from '../../support/temporary.ts';

const drawn = <R extends Parameters<typeof drawnSteps>[0][number]>(
  rows: readonly R[],
  sample: Parameters<typeof drawnSteps>[1],
): R[] => atOnce(drawnSteps(rows, sample));
const said = (text: string) => ({ text, cut: false, input: 10, output: 5, ms: 100 });

describe('judge: kept answers', () => {
  it('are there again after a new start, with the time that they took', () =>
    withFolder(async (root) => {
      const cache = await AnswerCache.open(root);
      assert.equal(cache.get('k1'), null);
      cache.put('k1', 'w', said('line\n“quoted” 𝄞'));
      cache.put('k2', 'w', said('2'));
      cache.put('k1', 'w', said('newer'));
      assert.equal(cache.get('k1')?.text, 'newer');
      cache.close();
      const again = await AnswerCache.open(root);
      assert.deepEqual([again.get('k1')?.text, again.get('k2')?.text, again.get('k3')], ['newer', '2', null]);
      assert.deepEqual(again.pace('w'), { n: 3, ms: 300, output: 15 });
      assert.equal(again.bytes, statSync(join(root, 'judge-cache', 'answers-new.jsonl')).size);
    }));

  it('lose a torn last line and nothing else', () =>
    withFolder(async (root) => {
      const file = join(root, 'judge-cache', 'answers-new.jsonl');
      const cache = await AnswerCache.open(root);
      cache.put('k1', 'w', said('1'));
      cache.put('k2', 'w', said('2'));
      cache.close();
      truncateSync(file, statSync(file).size - 4);
      const again = await AnswerCache.open(root);
      assert.deepEqual([again.get('k1')?.text, again.get('k2')], ['1', null]);
      again.put('k3', 'w', said('3'));
      assert.equal(again.get('k3')?.text, '3');
      again.close();
      const third = await AnswerCache.open(root);
      assert.deepEqual([third.get('k1')?.text, third.get('k2'), third.get('k3')?.text], ['1', null, '3']);
    }));

  it('are bounded: the older half makes room', () =>
    withFolder(async (root) => {
      const cache = await AnswerCache.open(root, 4000);
      for (let i = 0; i < 200; i += 1) {
        cache.put(`k${i}`, 'w', said(`answer ${i}`));
        assert.ok(cache.bytes <= 4000);
        assert.equal(cache.get(`k${i}`)?.text, `answer ${i}`);
      }
      assert.ok(cache.get('k190') && !cache.has('k0'));
      cache.close();
      const again = await AnswerCache.open(root, 4000);
      assert.deepEqual([again.bytes, again.get('k199')?.text, again.has('k0')], [cache.bytes, 'answer 199', false]);
    }));

  it('survive files that are no such thing', () =>
    withFolder(async (root) => {
      mkdirSync(join(root, 'judge-cache'));
      appendFileSync(
        join(root, 'judge-cache', 'answers-new.jsonl'),
        '\0\0\n[1]\nnull\n{"v":1,"key":7}\n{"v":1,"key":"k","text":"t"}\n',
      );
      const cache = await AnswerCache.open(root);
      assert.equal(cache.get('k')?.text, 't');
    }));
});

const record = (trace: string, model = 'm', extra: Partial<JudgedTrace> = {}): JudgedTrace => ({
  ...{ v: 1, t: 1, trace, length: 40, spans: [{ start: 0, end: 5, label: 'subgoal' }], read: [[0, 40]] },
  judge: { model, prompt: '1', url: 'http://x/v1', key: 'k' },
  steps: { judged: 2, unparsed: 0 },
  ...extra,
});

describe('judge: records', () => {
  it('are read as they grow; the newest of each judge counts; a torn line does not', () =>
    withFolder((root) => {
      const records = new JudgedRecords(root, 'r');
      assert.deepEqual(records.refresh().of('r/a/1/0'), []);
      appendJudged(root, 'r', record('r/a/1/0'));
      appendFileSync(judgedPath(root, 'r'), '{"v":1,"trace":"r/a/1/9"');
      assert.equal(records.refresh().of('r/a/1/0').length, 1);
      appendJudged(root, 'r', record('r/a/1/1', 'm'));
      appendJudged(root, 'r', record('r/a/1/0', 'other'));
      appendJudged(root, 'r', record('r/a/1/0', 'm', { spans: [] }));
      records.refresh();
      assert.equal(records.of('r/a/1/0').length, 2);
      assert.deepEqual(records.record(records.of('r/a/1/0')[0]!)?.spans, []);
      assert.deepEqual(records.judges(), [
        { model: 'other', prompt: '1', traces: 1 },
        { model: 'm', prompt: '1', traces: 2 },
      ]);
      assert.equal(records.of('r/a/1/9').length, 0);
      assert.deepEqual(new JudgedRecords(root, 'r').refresh().judges(), records.judges());
      rmSync(judgedPath(root, 'r'));
      appendJudged(root, 'r', record('r/a/1/5'));
      assert.deepEqual([...records.refresh().traces()], ['r/a/1/5'], 'another file by now');
    }));

  it('of another shape are left out', () =>
    withFolder((root) => {
      appendJudged(root, 'r', record('r/a/1/0'));
      const path = judgedPath(root, 'r');
      const whole = readFileSync(path, 'utf8');
      for (const bad of [
        'null',
        '{}',
        whole.replace('"v":1', '"v":2'),
        whole.replace('subgoal', 'loop'),
        whole.replace('[[0,40]]', '[[0,-1]]'),
      ])
        appendFileSync(path, `${bad.trim().replace('r/a/1/0', 'r/a/1/1')}\n`);
      assert.deepEqual([...new JudgedRecords(root, 'r').refresh().traces()], ['r/a/1/0']);
      assert.ok(existsSync(path));
    }));
});

describe('judge: samples', () => {
  const rows = [...Array(1000).keys()].map((i) => ({
    trace: `r/${i < 900 ? 'a' : i < 995 ? 'b' : 'c'}/1/${i}`,
    stage: i < 900 ? 'a' : i < 995 ? 'b' : 'c',
    of: null,
    verdict: i % 2 ? ('right' as const) : ('wrong' as const),
    length: 1,
  }));
  const by = (found: typeof rows) =>
    Object.fromEntries([...Map.groupBy(found, ({ stage }) => stage)].map(([stage, own]) => [stage, own.length]));

  it('are drawn in proportion, with at least one of each stratum', () => {
    const found = drawn(rows, { kind: 'random', n: 100, seed: 1 });
    assert.deepEqual(by(found), { a: 90, b: 8, c: 2 });
    assert.equal(found.filter(({ verdict }) => verdict === 'right').length, 50);
    assert.equal(new Set(found).size, 100);
    for (const n of [1, 2, 5, 6, 7, 13, 999, 1000, 5000])
      assert.equal(drawn(rows, { kind: 'random', n, seed: 1 }).length, Math.min(n, 1000), String(n));
  });

  it('are the same for the same seed, others for another', () => {
    const of = (seed: number) => drawn(rows, { kind: 'random', n: 50, seed }).map(({ trace }) => trace);
    assert.deepEqual(of(1), of(1));
    assert.notDeepEqual(of(1), of(2));
  });

  it('are so many of each stage where that is asked for, or all', () => {
    assert.deepEqual(by(drawn(rows, { kind: 'stage', n: 20, seed: 1 })), { a: 20, b: 20, c: 5 });
    assert.equal(drawn(rows, { kind: 'all' }).length, 1000);
    assert.deepEqual(drawn([], { kind: 'random', n: 5, seed: 0 }), []);
  });
});
