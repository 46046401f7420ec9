/** The store itself, in its own thread: one open index, what fills it, and what it answers. */
import { mkdirSync } from 'node:fs';
import type { ReaderLayer } from '../../core/protocol/labels.ts';
import type { Cursor, EventBatch } from '../../core/protocol/methods.ts';
import { Audit } from './audit.ts';
import { countTraces } from './attempts.ts';
import { IndexFile, removeIndex } from './index-file.ts';
import { Intake } from './intake.ts';
import type { IntakeEvents } from './intake.ts';
import { indexPath, runsFolder, streamOf } from './paths.ts';
import { readerLayer, type LabelEditParams } from './labels.ts';
import { Questions } from './questions.ts';
import { newest, replayStream, startOf } from './streams.ts';
import { supersede } from './supersede.ts';
import type { AttemptKey } from './trace-store.ts';

export class Store {
  readonly root: string;
  private readonly events: IntakeEvents;
  private readonly batch: IntakeEvents['batch'];
  index: IndexFile;
  intake: Intake;
  questions: Questions;
  audit: Audit;
  /** What listeners had been told before the index was made anew: not told again. */
  private told: Cursor = {};

  constructor(root: string, events: IntakeEvents) {
    this.root = root;
    this.batch = events.batch;
    this.events = { ...events, batch: (batch) => this.announce(batch) };
    mkdirSync(runsFolder(root), { recursive: true });
    this.index = new IndexFile(indexPath(root));
    this.intake = new Intake(this.index, root, this.events);
    this.questions = new Questions(this.index, root);
    this.audit = this.newAudit();
  }

  private newAudit(): Audit {
    return new Audit(this.index, this.root, (event) => this.intake.appendJournal(event));
  }

  private announce({ stream, events }: EventBatch): void {
    const floor = this.told[stream] ?? -1;
    const news = floor < 0 ? events : events.filter((event) => event.seq > floor);
    if (news.length > 0) this.batch({ stream, events: news });
  }

  deleteRun(run: string): Promise<void> {
    const gone = this.intake.deleteRun(run);
    this.questions.forget();
    return gone;
  }

  /** On disk before it returns. @throws `conflict` */
  editLabels(params: LabelEditParams): ReaderLayer {
    this.intake.appendJournal(this.questions.labelEdit(params));
    return readerLayer(this.index, params.trace, params.by);
  }

  cursor(run?: string): Cursor {
    return newest(this.index, this.intake.journalSeq, run);
  }

  startOf(cursor: Cursor, run?: string): { start: Cursor; last: Cursor } {
    return startOf(this.index, this.intake.journalSeq, cursor, run);
  }

  replay(stream: string, after: number, limit?: number): { events: EventBatch['events']; done: boolean } {
    return replayStream(this.index, this.root, this.intake.journalSeq, stream, after, limit);
  }

  async reindex(
    progress: (done: number, total: number, current: string) => void,
  ): Promise<{ attempts: number; events: number; traces: number }> {
    this.told = this.cursor();
    const { importing } = this.intake;
    this.intake.close();
    this.index.close();
    removeIndex(this.index.path);
    this.index = new IndexFile(this.index.path);
    this.intake = new Intake(this.index, this.root, this.events, importing);
    this.questions = new Questions(this.index, this.root);
    this.audit = this.newAudit();
    const all = this.index.all<AttemptKey & { id: number }>('SELECT id, run, stage, attempt FROM attempts ORDER BY id');
    for (const [i, row] of all.entries()) {
      progress(i, all.length, streamOf(row));
      await this.intake.drained(row.id);
    }
    // What came in later in the files may change what counts: looked at once more over everything.
    this.index.transaction(() => {
      for (const run of new Set(all.map((row) => row.run))) supersede(this.index, run);
    });
    this.intake.forget();
    await this.intake.looked();
    this.index.transaction(() => {
      for (const row of all) countTraces(this.index, row.id);
    });
    this.told = {};
    progress(all.length, all.length, '');
    const totals = this.index.get<{ events: number; traces: number }>(
      'SELECT coalesce(sum(last_seq + 1), 0) AS events, (SELECT count(*) FROM traces) AS traces FROM attempts',
    );
    return { attempts: all.length, events: totals?.events ?? 0, traces: totals?.traces ?? 0 };
  }

  close(): void {
    this.intake.close();
    this.index.close();
  }
}
