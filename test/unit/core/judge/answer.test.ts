import assert from 'node:assert/strict';
import { parseAnswer } from '../../../../core/judge/answer.ts';

const of = (text: string, first = 1, last = 3) => {
  const { labels, missing, faultCount } = parseAnswer(text, first, last);
  return { labels: Object.fromEntries(labels), missing, faultCount };
};
const WHOLE = { labels: { 1: [], 2: ['subgoal'], 3: ['uncertainty', 'backtracking'] }, missing: [], faultCount: 0 };
const LINES = '{"1": []}\n{"2": ["subgoal"]}\n{"3": ["uncertainty", "backtracking"]}';

describe('judge: answers', () => {
  it('reads a line of JSON for each step', () => assert.deepEqual(of(LINES), WHOLE));

  it('tolerates fences, words around, a thought, lists, commas and the long form', () => {
    for (const text of [
      `\`\`\`json\n${LINES}\n\`\`\``,
      `Sure! Here are the labels {as JSON}:\n\n${LINES.replaceAll('\n', '\r\n')}\n\nLet me know if you need {more}.`,
      `<think>\n{"1": ["loop"]} {"2": ["verification"]}\n</think>\n${LINES}`,
      `- ${LINES.replaceAll('\n', ',\n- ')}`,
      `[${LINES.replaceAll('\n', ',')}]`,
      `[\n  ${LINES.replaceAll('\n', ',\n  ')}\n]`,
      '{\n  "1": [],\n  "2": ["subgoal"],\n  "3": ["uncertainty", "backtracking"]\n}',
      '{"step": 1, "labels": []}\n{"step": "2", "labels": ["subgoal"]}\n{"labels": ["uncertainty", "backtracking"], "step": 3}',
    ])
      assert.deepEqual(of(text), WHOLE, text);
  });

  it('says which steps have no answer', () => {
    assert.deepEqual(of('{"2": []}'), { labels: { 2: [] }, missing: [1, 3], faultCount: 0 });
    assert.deepEqual(of('').missing, [1, 2, 3]);
    assert.deepEqual(of('{"1": []}\n{"2": ["subg').labels, { 1: [] });
    assert.deepEqual(of('<think> {"1": []} {"2": []} and on and on').missing, [1, 2, 3]);
  });

  it('takes no step whose labels it does not know, that is no list, that is not asked for, or that is said twice differently', () => {
    const cases: [string, number[]][] = [
      ['{"1": ["subgoal", "planning"]}\n{"2": []}\n{"3": []}', [1]],
      ['{"1": "subgoal"}\n{"2": []}\n{"3": []}', [1]],
      ['{"1": [{"label": "subgoal"}]}\n{"2": []}\n{"3": []}', [1]],
      ['{"1": []}\n{"2": []}\n{"3": []}\n{"4": ["subgoal"]}', []],
      ['{"1": []}\n{"2": []}\n{"3": []}\n{"1": ["subgoal"]}', [1]],
      ['{"1": []}\n{"2": []}\n{"3": []}\n{"1.5": [], "-1": [], "__proto__": ["subgoal"], "constructor": []}', []],
    ];
    for (const [text, missing] of cases) {
      const found = of(text);
      assert.deepEqual([found.missing, found.faultCount > 0], [missing, true], text);
    }
    assert.deepEqual(
      of('{"1": []}\n{"1": []}\n{"2": []}\n{"3": []}').missing,
      [],
      'the same said again is no contradiction',
    );
    const { faults } = parseAnswer('{"1": ["planning"]}', 1, 1);
    assert.deepEqual(faults, [{ line: '{"1": ["planning"]}', why: '“planning” is no label' }]);
  });

  it('counts the beginning of a check as a part of it', () =>
    assert.deepEqual(of('{"1": ["verification_start"]}').labels, { 1: ['verification_start', 'verification'] }));

  it('ends soon on hostile text, and keeps few of its lines', () => {
    const began = performance.now();
    for (const text of [
      '{'.repeat(1_000_000),
      '[{"1":'.repeat(200_000),
      '{"1": ["x"]}\n'.repeat(80_000),
      `{"1": ["${'a'.repeat(1_000_000)}"]}`,
      '}{'.repeat(500_000),
      '```'.repeat(300_000),
      '<think>'.repeat(150_000),
      `${' '.repeat(500_000)}{${' '.repeat(500_000)}`,
    ]) {
      const parsed = parseAnswer(text, 1, 50);
      assert.equal(parsed.missing.length, 50);
      assert.ok(parsed.faults.length <= 10 && JSON.stringify(parsed.faults).length < 4000);
    }
    assert.ok(performance.now() - began < 4000, `${performance.now() - began} ms`);
  });
});
