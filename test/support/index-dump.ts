/** All that an index says, in a form in which two indexes of the same files are equal: no row ids, no inodes. */
import { DatabaseSync } from 'node:sqlite';
import { indexPath } from '../../server/store/paths.ts';

const queries: Record<string, string> = {
  runs: 'SELECT run, kind, name, source, created, vars, wanted, deleted, created_seq FROM runs ORDER BY run',
  attempts: `SELECT run, stage, attempt, kind, created, created_seq, resumed_from, markers, model, outcome, exit, digest, position, line, skipping,
    last_seq, ended, valid_to, valid_seq, evaluates, look_from, traces, live, faults FROM attempts ORDER BY run, stage, attempt`,
  problems: `SELECT a.run, a.stage, a.attempt, p.hash, p.source_id, p.text, p.gold, p.gold_origin, p.label, p.search
    FROM problems p JOIN attempts a ON a.id = p.attempt_id ORDER BY 1, 2, 3, 4`,
  prompts: `SELECT a.run, a.stage, a.attempt, q.n, p.hash, q.units, q.tokens, q.replaced FROM prompts q JOIN attempts a ON a.id = q.attempt_id
    JOIN problems p ON p.id = q.problem_id ORDER BY 1, 2, 3, 4`,
  traces: `SELECT a.run, a.stage, a.attempt, t.id % 4294967296 AS n, p.hash, t.prompt, t.sample, t.step, t.epoch, t.of, t.of_attempt, t.set_name, t.marker,
    t.grp, t.seq, t.verdict, t.answer, t.answer_search, t.tokens, t.tokens_exact, t.finish, t.reward, t.advantage, t.live, t.superseded, t.units,
    d.facts, d.sampling, d.model, d.quick, d.found, d.replaced, d.source_file, d.source_line, d.token_ids, d.scores, d.begun, d.ended
    FROM traces t JOIN details d ON d.id = t.id JOIN attempts a ON a.id = t.attempt_id JOIN problems p ON p.id = t.problem_id ORDER BY 1, 2, 3, 4`,
  extents: `SELECT a.run, a.stage, a.attempt, e.kind, e.owner % 4294967296 AS n, e.ix, e.part, e.position, e.bytes, e.units
    FROM extents e JOIN attempts a ON a.id = e.owner / 4294967296 ORDER BY 1, 2, 3, 4, 5, 6`,
  points: `SELECT a.run, a.stage, a.attempt, m.name, p.step, p.epoch, p.value FROM points p JOIN attempts a ON a.id = p.attempt_id
    JOIN metric_names m ON m.id = p.name_id ORDER BY 1, 2, 3, 4, 5`,
  evals: `SELECT a.run, a.stage, a.attempt, e.seq, e.of, e.of_attempt, e.step, e.set_name, e.marker, e.superseded, e.value, e.t FROM evals e
    JOIN attempts a ON a.id = e.attempt_id ORDER BY 1, 2, 3, 4`,
  checkpoints: `SELECT a.run, a.stage, a.attempt, c.path, c.step, c.epoch, c.bytes, c.seq, c.t FROM checkpoints c JOIN attempts a ON a.id = c.attempt_id
    ORDER BY 1, 2, 3, 4`,
  faults: `SELECT a.run, a.stage, a.attempt, f.file, f.line, f.kind, f.message FROM faults f JOIN attempts a ON a.id = f.attempt_id ORDER BY 1, 2, 3, f.id`,
  reader_verdicts: 'SELECT * FROM reader_verdicts ORDER BY 1, 2, 3, 4',
  rescores: 'SELECT * FROM rescores ORDER BY seq',
  rescored: 'SELECT * FROM rescored ORDER BY 1, 2, 3, 4, 5',
  reader_labels: 'SELECT * FROM reader_labels ORDER BY 1, 2',
  journal: "SELECT value FROM meta WHERE key = 'journal'",
};

export type IndexDump = Record<string, Record<string, unknown>[]>;

export function dumpIndex(root: string): IndexDump {
  const db = new DatabaseSync(indexPath(root), { readOnly: true });
  try {
    return Object.fromEntries(
      Object.entries(queries).map(([name, sql]) => [
        name,
        db
          .prepare(sql)
          .all()
          .map((row) => ({ ...row })),
      ]),
    );
  } finally {
    db.close();
  }
}
