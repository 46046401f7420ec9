import { labels, type Label } from '../../core/behaviours/spans.ts';

/**
 * The tables of `index.sqlite`. All of it can be made again from the files, so a change of the tables is a new
 * INDEX_VERSION and nothing else: an index of another version is rebuilt.
 */
export const INDEX_VERSION = 11;

/** The column of `traces` that counts the spans of a label, or of all. Another label is another column. */
export const spansColumn = (label: Label | null): string => (label === null ? 'spans' : `spans_${label}`);

/** Traces of one attempt lie together: their row id is the attempt's id times this, and their own number. For SQL too. */
export const ROW_IDS_EACH = 2 ** 32;
export const traceRowId = (attemptId: number, n: number): number => attemptId * ROW_IDS_EACH + n;

/** Codes of `traces.verdict` and `traces.finish`, in their order in a sorted list. */
export const verdictCodes = ['right', 'wrong', 'undecided', 'none'] as const;
export const finishCodes = ['stop', 'length', 'error'] as const;

export const tables = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;

-- created_seq: the journal's seq of the last run_created. A deleted run stays as a row, so that what is left of its folder can be told.
CREATE TABLE runs (
  run TEXT PRIMARY KEY, kind TEXT, name TEXT, source TEXT, created REAL, vars TEXT, wanted TEXT,
  deleted INTEGER NOT NULL DEFAULT 0, created_seq INTEGER
) WITHOUT ROWID;
CREATE INDEX runs_by_created ON runs(deleted, created, run);

-- device, inode, position, line, skipping, last_seq: how far events.jsonl has been read; written with what was read from it.
-- valid_to: the last step that still counts (null: all, -1: none); valid_seq: what begins after it at that very step does not count.
-- evaluates: JSON, what counts of an attempt that evaluates. look_from: from this row id on its traces were not yet looked at for whether
-- they count by these (supersede.ts); null: all were.
CREATE TABLE attempts (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, stage TEXT NOT NULL, attempt INTEGER NOT NULL, kind TEXT NOT NULL,
  created REAL, created_seq INTEGER, resumed_from TEXT, markers TEXT, model TEXT, outcome TEXT, exit TEXT, digest TEXT NOT NULL,
  device TEXT, inode TEXT, position INTEGER NOT NULL DEFAULT 0, line INTEGER NOT NULL DEFAULT 0,
  skipping INTEGER NOT NULL DEFAULT 0, last_seq INTEGER NOT NULL DEFAULT -1, again_to INTEGER NOT NULL DEFAULT -1, mark INTEGER NOT NULL DEFAULT 0,
  ended INTEGER NOT NULL DEFAULT 0, valid_to INTEGER, valid_seq INTEGER, evaluates TEXT, look_from INTEGER,
  traces INTEGER NOT NULL DEFAULT 0, live INTEGER NOT NULL DEFAULT 0, faults INTEGER NOT NULL DEFAULT 0,
  UNIQUE (run, stage, attempt)
);
CREATE INDEX attempts_looked_at ON attempts(id) WHERE look_from IS NOT NULL;
-- Attempts of deleted runs: they are gone, rows that name them are not yet (forget.ts). AUTOINCREMENT: no new attempt gets such an id.
CREATE TABLE forgotten (attempt_id INTEGER PRIMARY KEY);

-- Where to begin to read for a seq. Attempt 0 is the journal.
CREATE TABLE marks (attempt_id INTEGER, seq INTEGER, position INTEGER, PRIMARY KEY (attempt_id, seq)) WITHOUT ROWID;

-- text is JSON.
CREATE TABLE problems (
  id INTEGER PRIMARY KEY, attempt_id INTEGER NOT NULL, hash TEXT NOT NULL, source_id TEXT, text TEXT NOT NULL, gold TEXT,
  gold_origin TEXT, label TEXT NOT NULL, search TEXT NOT NULL, UNIQUE (attempt_id, hash)
);
CREATE TABLE prompts (
  attempt_id INTEGER, n INTEGER, problem_id INTEGER, units INTEGER, tokens INTEGER, replaced INTEGER, PRIMARY KEY (attempt_id, n)
) WITHOUT ROWID;

-- What lists need, narrow; the rest is in details. answered: an answer was found, by the checker where it has looked, else by the quick look.
-- scored: log-probabilities of its tokens are kept. What follows is found when its text is read, by the versions that meta names
-- (text-columns.ts): counted and figured say that it was, of figures with which verdict; null where the text is gone.
CREATE TABLE traces (
  id INTEGER PRIMARY KEY, attempt_id INTEGER NOT NULL, problem_id INTEGER NOT NULL, prompt INTEGER, sample INTEGER NOT NULL,
  step INTEGER, epoch REAL, of TEXT, of_attempt INTEGER, set_name TEXT, marker TEXT, grp TEXT, seq INTEGER NOT NULL,
  verdict INTEGER, answer TEXT, answer_search TEXT, tokens INTEGER, tokens_exact INTEGER NOT NULL DEFAULT 0, finish INTEGER,
  reward REAL, advantage REAL, live INTEGER NOT NULL, superseded INTEGER NOT NULL, units INTEGER NOT NULL DEFAULT 0,
  item TEXT, answered INTEGER NOT NULL DEFAULT 0, scored INTEGER NOT NULL DEFAULT 0,
  counted INTEGER, spans INTEGER, ${labels.map((label) => `spans_${label} INTEGER`).join(', ')},
  figured INTEGER, figured_verdict INTEGER, after INTEGER, flips INTEGER, lost INTEGER
);
CREATE INDEX traces_by_attempt ON traces(attempt_id, superseded);
CREATE INDEX traces_by_item ON traces(item, attempt_id) WHERE item IS NOT NULL;
CREATE INDEX traces_by_group ON traces(attempt_id, grp, reward) WHERE grp IS NOT NULL;
CREATE INDEX traces_live ON traces(attempt_id) WHERE live = 1;
CREATE TABLE details (
  id INTEGER PRIMARY KEY, facts TEXT NOT NULL, sampling TEXT, model TEXT, quick TEXT, found TEXT, replaced INTEGER NOT NULL DEFAULT 0,
  source_file TEXT, source_line INTEGER, token_ids TEXT, scores TEXT, begun REAL NOT NULL, ended REAL,
  ending INTEGER NOT NULL DEFAULT 0 -- bytes at the end of the text that ended the completion and are not part of it
);

-- Behaviours of finished traces, counted when they are asked for. counts: JSON, spans by label; null: the text is gone. cut: its end was not read.
CREATE TABLE behaviours (
  trace INTEGER PRIMARY KEY, detector TEXT NOT NULL, counts TEXT, cut INTEGER NOT NULL
) WITHOUT ROWID;

-- What the journal says of verdicts, by name as it may be read before the traces are (rulings.ts). A reader's: the newest, and how
-- many there were; value null: taken back. Re-scores: each that stands, the newest of a trace counts.
CREATE TABLE reader_verdicts (
  run TEXT, stage TEXT, attempt INTEGER, n INTEGER, value INTEGER, version INTEGER NOT NULL, by TEXT NOT NULL, t REAL NOT NULL, before TEXT,
  PRIMARY KEY (run, stage, attempt, n)
) WITHOUT ROWID;
CREATE TABLE rescores (
  seq INTEGER PRIMARY KEY, run TEXT NOT NULL, t REAL NOT NULL, by TEXT NOT NULL, checker TEXT NOT NULL, version TEXT NOT NULL, policy TEXT NOT NULL,
  changes INTEGER NOT NULL, undone INTEGER NOT NULL
);
CREATE TABLE rescored (
  run TEXT, stage TEXT, attempt INTEGER, n INTEGER, seq INTEGER, value INTEGER NOT NULL, PRIMARY KEY (run, stage, attempt, n, seq)
) WITHOUT ROWID;
CREATE INDEX rescored_by_seq ON rescored(seq);

-- Readers' labels of completions, by trace as the journal names it: it may be read before the traces are. layer: JSON, all of it. reviewed: 1 where
-- some of the text is vouched for.
CREATE TABLE reader_labels (
  trace TEXT, reader TEXT, run TEXT NOT NULL, revision INTEGER NOT NULL, reviewed INTEGER NOT NULL, layer TEXT NOT NULL, PRIMARY KEY (trace, reader)
) WITHOUT ROWID;
CREATE INDEX reader_labels_by_run ON reader_labels(run, reader);

-- What an audit found in the text of a finished trace, read when it is asked for. found: JSON; null: the text is gone. cut: its end was not read.
CREATE TABLE audits (
  trace INTEGER PRIMARY KEY, version TEXT NOT NULL, found TEXT, cut INTEGER NOT NULL
) WITHOUT ROWID;

-- Figures of finished traces that need the text, found when they are asked for, with the verdict that counted then. figures: JSON; null: the text is gone.
-- What lists are sorted by of them is in traces too.
CREATE TABLE figures (
  trace INTEGER PRIMARY KEY, version TEXT NOT NULL, verdict INTEGER, figures TEXT, cut INTEGER NOT NULL
) WITHOUT ROWID;

-- Texts: kind 0 is a completion (owner: the trace's row id), kind 1 a prompt (owner: traceRowId(attempt, prompt)). A row with bytes = units maps byte to
-- unit one to one and may be long; any other is short: together they are the sparse map from UTF-16 units to bytes.
CREATE TABLE extents (
  kind INTEGER, owner INTEGER, ix INTEGER, part INTEGER, position INTEGER, bytes INTEGER, units INTEGER, PRIMARY KEY (kind, owner, ix)
) WITHOUT ROWID;

CREATE TABLE metric_names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE points (
  attempt_id INTEGER, name_id INTEGER, step INTEGER, epoch REAL, value REAL, PRIMARY KEY (attempt_id, name_id, step)
) WITHOUT ROWID;
CREATE TABLE evals (
  attempt_id INTEGER, seq INTEGER, of TEXT, of_attempt INTEGER, step INTEGER, set_name TEXT, marker TEXT, superseded INTEGER NOT NULL, value TEXT, t REAL,
  PRIMARY KEY (attempt_id, seq)
) WITHOUT ROWID;
CREATE TABLE checkpoints (
  attempt_id INTEGER, path TEXT, step INTEGER, epoch REAL, bytes INTEGER, seq INTEGER, t REAL, PRIMARY KEY (attempt_id, path)
) WITHOUT ROWID;
CREATE TABLE faults (id INTEGER PRIMARY KEY, attempt_id INTEGER, file TEXT, line INTEGER, kind TEXT, message TEXT);
CREATE INDEX faults_by_attempt ON faults(attempt_id);
`;
