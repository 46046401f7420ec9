import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { enginePython, mainFile, temporaryFolder } from '../../support/service.ts';

type Line = Record<string, unknown> & { id: unknown; verdict: unknown; quick: unknown; reason: string | null };
const KEYS = ['id', 'verdict', 'checker', 'version', 'extracted', 'quick', 'reason'];

/** Rows of every kind; the blank line counts as a line. */
const ROWS = [
  String.raw`{"id":"a","pred":"<think>\\boxed{3}</think>😀 so it is \\boxed{\\frac{1}{2}}","gold":"0.5"}`,
  'nonsense',
  '',
  '{"id":12345678901234567890,"pred":"3","gold":4}',
  '{"id":"c","pred":"3"}',
  '{"id":"d","gold":"3"}',
  '["e"]',
  String.raw`{"id":"f","pred":"\ud800 \\boxed{1}","gold":"1"}`,
  '{"id":"g","pred":"no idea at all what this could be","gold":"1/2"}',
  '{"id":"h","pred":true,"gold":"1/2"}',
  String.raw`{"id":"i","pred":"10 \\%","gold":"0.1"}`,
  String.raw`{"id":"\ud800","pred":"\\boxed{a\u2028b}","gold":"1/2"}`,
];

describe('longhand grade', function () {
  this.timeout(120_000);

  function start(
    args: string[],
    env: NodeJS.ProcessEnv = process.env,
  ): ChildProcessByStdio<Writable, Readable, Readable> {
    return spawn(process.execPath, [mainFile, 'grade', ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  }

  async function graded(args: string[], rows: readonly string[], env?: NodeJS.ProcessEnv) {
    const child = start(args, env);
    let out = '';
    let err = '';
    child.stdout.on('data', (data) => (out += String(data)));
    child.stderr.on('data', (data) => (err += String(data)));
    child.stdin.end(rows.join('\n'));
    const code = await new Promise((resolve) => child.once('close', resolve));
    return {
      code,
      err,
      out,
      lines: out
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Line),
    };
  }

  /** No engine is named, and none is where it would be. */
  const without = () => {
    const { LONGHAND_PYTHON: _named, ...env } = process.env;
    return { args: ['--engine', temporaryFolder('no-engine')], env };
  };

  it('gives every row its line, in order, with exactly the keys', async function () {
    if (!enginePython) this.skip();
    const { code, err, out, lines } = await graded(['--python', enginePython], ROWS);
    assert.equal(code, 1);
    assert.match(err, /4 lines could not be read/);
    for (const line of lines) assert.deepEqual(Object.keys(line), KEYS);
    assert.deepEqual(
      lines.map(({ id, verdict, quick }) => [id, verdict, quick]),
      [['a', true, true], [null, null, null], [Number('12345678901234567890'), false, false], ['c', null, null], ['d', null, null], [null, null, null], ['f', true, true], ['g', false, false], ['h', null, null], ['i', true, true], ['\ud800', false, false]],
    ); // prettier-ignore
    assert.match(out, /"id":12345678901234567890,/);
    assert.deepEqual(lines[0]!['extracted'], { text: String.raw`\frac{1}{2}`, start: 43, end: 54, rule: 'boxed' });
    assert.equal(lines[0]!['checker'], 'math-verify');
    assert.match(lines[1]!.reason!, /^line 2 cannot be read: /);
    assert.equal(lines[3]!.reason, 'no gold');
    assert.match(lines[4]!.reason!, /^line 6 cannot be read: it has no `pred`/);
    assert.match(lines[5]!.reason!, /it is no object/);
    assert.deepEqual(lines[6]!['extracted'], { text: '1', start: 9, end: 10, rule: 'boxed' });
    assert.equal(lines[7]!.reason, 'no answer');
    assert.equal((lines[10]!['extracted'] as { text: string }).text, 'a\u2028b');
  });

  it('decides by the quick check alone where there is no engine, and says so', async () => {
    const { args, env } = without();
    const { code, err, lines } = await graded([...args, '--percent', 'number'], ROWS, env);
    assert.equal(code, 1);
    assert.match(err, /quick check's alone/);
    assert.deepEqual(
      lines.map(({ verdict }) => verdict),
      [true, null, false, null, null, null, true, false, null, false, false],
    );
    assert.deepEqual([lines[0]!['checker'], lines[0]!['version']], ['longhand-quick', '3 (percent=number)']);
    for (const line of lines) assert.equal(line.verdict, line.quick);
  });

  it('refuses a switch that there is not, and an engine that was named and is not there', async () => {
    const wrong = await graded(['--quick', '--order', 'backwards'], []);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /order takes any, written/);
    const missing = await graded(['--python', '/nowhere/python'], ['{}']);
    assert.equal(missing.code, 1);
    assert.match(missing.err, /does not exist/);
  });

  it('answers before the input ends', async function () {
    if (!enginePython) this.skip();
    const child = start(['--python', enginePython]);
    child.stdin.write('{"id":1,"pred":"4","gold":"4"}\n');
    const first = (await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()) as { value: string };
    assert.equal((JSON.parse(first.value) as Line).verdict, true);
    child.stdin.end();
    assert.equal(await new Promise((resolve) => child.once('close', resolve)), 0);
  });

  for (const how of ['quick', 'engine'] as const) {
    it(`takes 100,000 rows in a small heap (${how})`, async function () {
      if (how === 'engine' && !enginePython) this.skip();
      // The input is 110 MB: who kept it, or its rows, would not live with a heap of half of that.
      const env = { ...process.env, NODE_OPTIONS: '--max-old-space-size=56' };
      const child = start(how === 'quick' ? ['--quick'] : ['--python', enginePython!, '--workers', '1'], env);
      const thought = 'We add the numbers, and so it goes on. '.repeat(25);
      const total = 100_000;
      let written = 0;
      const write = () => {
        while (written < total) {
          const row = {
            id: written,
            pred: `<think>${thought}</think>\\boxed{${written % 1000}}`,
            gold: String(written % 7),
          };
          written += 1;
          if (!child.stdin.write(`${JSON.stringify(row)}\n`)) return;
        }
        child.stdin.end();
      };
      child.stdin.on('drain', write);
      write();
      child.stderr.resume();
      let seen = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        assert.equal((JSON.parse(line) as Line).id, seen);
        seen += 1;
      }
      assert.equal(seen, total);
    });
  }
});
