/**
 * A process that keeps a store open, for tests that kill it: prints what it has acknowledged, one JSON object a line.
 * `node store-process.ts ROOT SEED [reindex]`
 */
import { openStore } from '../../server/store/client.ts';
import { random } from '../../core/metrics/bootstrap.ts';

const [root = '', seed = '0', first = ''] = process.argv.slice(2);
const draw = random(Number(seed));
const store = await openStore({ root });
const say = (acknowledged: object): void => void process.stdout.write(JSON.stringify(acknowledged) + '\n');
store.onAttempts((attempts) => {
  for (const attempt of attempts) void store.attempt(attempt).then(({ stream, lastSeq }) => say({ stream, lastSeq }));
});
say({ open: true });
if (first === 'reindex') await store.reindex();

const run = `import-${seed}`;
const begun = await store.beginImport({ run, name: run, source: run });
if (!begun.existed) {
  for (let n = 0; ; n++) {
    const event = await store.appendJournal({ type: 'run_renamed', run, name: `name ${n}` });
    say({ journal: event.seq, name: `name ${n}`, run });
    await begun.writer.append({
      traces: Array.from({ length: 1 + Math.floor(draw() * 20) }, (_, i) => ({
        problem: { text: `Problem ${i}`, gold: '4', sourceId: null },
        prompt: `Prompt ${i}`,
        completion: `Batch ${n} 😀 \\boxed{4}`,
        facts: { finish: 'stop' },
        sample: n,
        source: { file: 'x', line: i + 1 },
        replaced: 0,
      })),
    });
    say({ batch: n, run });
    await store.catchUp({ run, stage: 'import', attempt: 1 });
    const trace = `${run}/import/1/${n}`;
    await store.audit('traces/judge', { trace, verdict: 'wrong', by: 'anna' });
    say({ judged: trace });
    const first = `${run}/import/1/0`;
    const edits = [{ op: 'add', start: n % 3, end: 5, label: 'loop' } as const];
    const { revision } = await store.editLabels({ trace: first, by: 'anna', base: n, edits });
    say({ labelled: first, revision });
  }
}
