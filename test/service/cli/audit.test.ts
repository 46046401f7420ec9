import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { userName } from '../../../server/user-name.ts';
import { connectRunning } from '../../../server/cli/connect.ts';
import { longhandOn } from '../../support/command-line.ts';
import { temporaryFolder } from '../../support/service.ts';

describe('longhand audit and rescore', () => {
  const root = temporaryFolder('audit');
  const source = join(root, 'answers.jsonl');

  const longhand = longhandOn(root);

  it('lists suspicious verdicts, previews other rules, applies and takes back, for an import', async function () {
    this.timeout(180_000);
    const rows = [
      { prompt: 'a', completion: 'So \\boxed{50\\%}.', answer: '50', is_correct: true },
      { prompt: 'b', completion: 'So \\boxed{0.5}.', answer: '1/2', is_correct: false },
      { prompt: 'c', completion: 'So \\boxed{7}.', answer: '8', is_correct: false },
    ];
    writeFileSync(source, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const mapped = ['prompt=prompt', 'completion=completion', 'answer=gold'].flatMap((map) => ['--map', map]);
    const imported = await longhand('import', source, ...mapped);
    assert.equal(imported.code, 0, imported.err);

    const listed = await longhand('audit', 'latest');
    assert.equal(listed.code, 0, listed.err);
    assert.match(listed.out, /import\/1\/1 .*false negative.*the quick check right/);
    assert.match(listed.out, /1 of 3 verdicts may be wrong/);
    const none = await longhand('audit', 'latest', '--reason', 'weak');
    assert.deepEqual([none.code, /There is no reason “weak”; there are checkers_differ/.test(none.err)], [2, true]);

    // Of what a query asks for: fields, also those that are found in texts; words are not looked for here.
    const right = await longhand('audit', 'latest', '--query', 'verdict:right');
    assert.match(right.out, /0 of 1 verdicts may be wrong/);
    const counted = await longhand('audit', 'latest', '--query', 'behaviour.backtracking:0 verdict:wrong');
    assert.match(counted.out, /1 of 2 verdicts may be wrong/);
    const narrow = await longhand(
      'rescore',
      'latest',
      '--query',
      'problem:b',
      '--policy',
      'percent=hundredth',
      '--json',
    );
    assert.equal((JSON.parse(narrow.out) as { done: number }).done, 1, narrow.err);
    for (const command of ['audit', 'rescore', 'export']) {
      const to = command === 'export' ? [join(root, 'out.jsonl'), '--to', 'jsonl'] : [];
      const words = await longhand(command, 'latest', ...to, '--query', '"So"');
      assert.deepEqual([words.code, /longhand search looks for words/.test(words.err)], [2, true], words.err);
    }
    const written = await longhand(
      'export',
      'latest',
      join(root, 'out.jsonl'),
      '--to',
      'jsonl',
      '--query',
      'verdict:wrong',
    );
    assert.match(written.out, /^2 traces of /m);

    const policy = ['--policy', 'percent=hundredth'];
    const preview = await longhand('rescore', 'latest', ...policy);
    assert.match(preview.out, /right → wrong/);
    assert.match(preview.out, /33\.3 +33\.3 +0\.0 \[/);
    assert.match(preview.out, /Nothing was changed/);
    const wrong = await longhand('rescore', 'latest', '--policy', 'percent=half');
    assert.deepEqual([wrong.code, /percent takes both, hundredth, number/.test(wrong.err)], [2, true]);

    const applied = await longhand('rescore', 'latest', ...policy, '--apply', '--json');
    const { applied: seq, total } = JSON.parse(applied.out) as { applied: number; total: number };
    assert.equal(total, 2);
    const backend = (await connectRunning(root))!;
    const verdicts = async () => (await backend.call('traces/page', { filter: {} })).rows.map(({ verdict }) => verdict);
    assert.deepEqual(await verdicts(), ['wrong', 'right', 'wrong']);
    const list = await longhand('rescore', 'latest', '--list');
    assert.match(list.out, new RegExp(`${seq} .*${userName()} .*percent=hundredth.* counts`));
    const undone = await longhand('rescore', 'latest', '--undo', String(seq));
    assert.match(undone.out, /2 verdicts are as they were/);
    assert.deepEqual(await verdicts(), ['right', 'wrong', 'wrong']);
    backend.close();
  });
});
