import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { candidates, extractAnswer } from '../../core/answers/extract.ts';
import { needSharedData } from '../shared-data.ts';

/** The engine's word on every line of JSON text, in UTF-16 units. */
const ENGINE = `
import json, sys
from longhand_engine.checker.answers import candidates, find_answer
from longhand_engine.texts import utf16_offset
for line in sys.stdin:
    text = json.loads(line)
    at = lambda i: utf16_offset(text, i)
    answer = find_answer(text)
    found = [[at(one.start), at(one.end), one.rule, one.section] for one in candidates(text)]
    print(json.dumps([found, answer and [at(answer.start), at(answer.end), answer.rule]]))
`;
const TEXT_LIMIT = 400_000;

describe('extraction in TypeScript and in Python', function () {
  this.timeout(600_000);

  it('is the same on every text of the shared traces', function () {
    const python = process.env.LONGHAND_PYTHON;
    const folder = needSharedData(this, 'traces');
    if (!python) this.skip();
    const texts = [...new Set(jsonFiles(folder).flatMap(textsOf))];
    const engine = join(import.meta.dirname, '..', '..', 'server', 'engine');
    const { stdout, stderr } = spawnSync(python, ['-c', ENGINE], {
      cwd: engine,
      input: texts.map((text) => JSON.stringify(text)).join('\n'),
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    });
    const lines = stdout.trim().split('\n');
    assert.equal(lines.length, texts.length, stderr.slice(-1000));
    const differing = texts.filter((text, i) => JSON.stringify(ours(text)) !== JSON.stringify(JSON.parse(lines[i]!)));
    console.log(`      ${differing.length} of ${texts.length} texts differ`);
    assert.ok(texts.length > 5_000);
    assert.deepEqual(
      differing.map((text) => text.slice(0, 200)),
      [],
    );
  });
});

function ours(text: string) {
  const answer = extractAnswer(text);
  return [
    candidates(text).map((one) => [one.start, one.end, one.rule, one.section]),
    answer && [answer.start, answer.end, answer.rule],
  ];
}

function jsonFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.jsonl?$/.test(name))
    .map((name) => join(folder, name));
}

/** Every text of more than a few characters in a file of JSON or JSON lines. */
function textsOf(file: string): string[] {
  const content = readFileSync(file, 'utf8');
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value === 'string') {
      if (value.length > 5 && value.length < TEXT_LIMIT) found.push(value.toWellFormed());
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk);
  };
  for (const part of file.endsWith('l') ? content.split('\n') : [content]) {
    try {
      walk(JSON.parse(part));
    } catch {
      // Some dumps have lines that are no JSON; their texts are not asked for.
    }
  }
  return found;
}
