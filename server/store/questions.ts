/** What the index and the text parts answer. */
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import { annotationPage } from '../../core/traces/annotation-pages.ts';
import { advisoriesOf } from './advisories.ts';
import { Annotator } from './annotate.ts';
import { attemptRecords } from './attempts.ts';
import { behaviours } from './behaviours.ts';
import { DocumentClasses } from './classes.ts';
import { budgets, traceSets } from './comparison.ts';
import { groupHealth, groupOf, groupProblems, groupSteps } from './groups.ts';
import { Figures } from './figures.ts';
import type { IndexFile } from './index-file.ts';
import { JudgeFigures } from './judge-agreement.ts';
import { LabelFigures, type Named } from './label-figures.ts';
import { exportLabels, prepareEdit, readerLayer, type LabelEditParams } from './labels.ts';
import { otherLayers } from './layers.ts';
import { Overview } from './overview.ts';
import { Pages } from './pages.ts';
import { paired, pairs } from './paired.ts';
import { streamOf } from './paths.ts';
import { TokenPlaces } from './places.ts';
import { rewardChangeOf } from './reward-change.ts';
import { runRecord, runRecords } from './runs.ts';
import { metricsSnapshot, runTable } from './series.ts';
import { SearchPlaces } from './search-places.ts';
import { TextReader } from './text.ts';
import { Tokens } from './tokens.ts';
import type {
  AttemptKey,
  AttemptRecord,
  NewJournalEvent,
  RunRecord,
  SlicedMethod,
  StoreMethod,
} from './trace-store.ts';
import { forgetOtherVersions } from './text-columns.ts';
import { findTrace, traceDetail, traceGroup, traceSlice } from './traces.ts';
import { readTexts } from './unread.ts';

export class Questions {
  private readonly index: IndexFile;
  private readonly root: string;
  private readonly texts: TextReader;
  private readonly pages: Pages;
  private readonly annotator: Annotator;
  private readonly labels: LabelFigures;
  private readonly judges: JudgeFigures;
  readonly figures: Figures;
  readonly searches: SearchPlaces;
  private readonly tokens: Tokens;
  private readonly overview: Overview;
  private readonly classes = new DocumentClasses();

  constructor(index: IndexFile, root: string) {
    forgetOtherVersions(index);
    this.index = index;
    this.root = root;
    this.texts = new TextReader(index);
    this.pages = new Pages(index);
    this.annotator = new Annotator(index, root, this.texts);
    const places = new TokenPlaces(index, root);
    this.figures = new Figures(index, root, this.texts, places);
    this.searches = new SearchPlaces(index, root);
    this.tokens = new Tokens(index, root, this.texts, places);
    this.labels = new LabelFigures(index, this.annotator);
    this.judges = new JudgeFigures(index, this.annotator);
    this.overview = new Overview({ index, root, annotator: this.annotator });
  }

  /** What may take long comes as {@link sliced} does. */
  answer<M extends StoreMethod>(method: M, params: Params<M>): Result<M> | Generator<void, Result<M>> {
    return this.answers[method](params);
  }

  /** Yields every few milliseconds, so that other questions are answered between. */
  sliced<M extends SlicedMethod>(method: M, params: Params<M>): Generator<void, Result<M>> {
    return this.slicedAnswers[method](params);
  }

  /** The same. */
  behaviours(params: Params<'metrics/behaviours'>): Generator<void, Result<'metrics/behaviours'>> {
    const { index, root, annotator, classes } = this;
    return behaviours({ index, root, annotator, classes }, params);
  }

  /** The journal's event for an edit of labels. @throws `conflict` */
  labelEdit(params: LabelEditParams): NewJournalEvent {
    return prepareEdit(this.index, this.annotator, params);
  }

  labelAgreement(params: Named<'labels/agreement'>): Generator<void, Result<'labels/agreement'>> {
    return this.labels.agreement({ ...params, run: this.known(params.run) });
  }

  judgeAgreement(params: Params<'judge/agreement'>): Generator<void, Result<'judge/agreement'>> {
    return this.judges.agreement({ ...params, run: this.known(params.run) });
  }

  labelQueue(params: Named<'labels/queue'>): Generator<void, Result<'labels/queue'>> {
    return this.labels.queue({ ...params, run: this.known(params.run) });
  }

  private readonly answers: {
    [M in StoreMethod]: (params: Params<M>) => Result<M> | Generator<void, Result<M>>;
  } = {
    'traces/page': (params) => this.pages.page(params),
    'traces/get': ({ trace }) => traceDetail(this.index, trace),
    'traces/slice': (params) => traceSlice(this.index, this.root, this.texts, params),
    'traces/annotations': (params) => this.annotations(params),
    'labels/get': ({ trace, by = '' }) => {
      findTrace(this.index, this.root, trace);
      return readerLayer(this.index, trace, by);
    },
    'labels/export': (params) => exportLabels(this.index, this.annotator, { ...params, run: this.known(params.run) }),
    'traces/group': ({ trace }) => traceGroup(this.index, this.root, trace),
    'traces/sets': (params) => this.sets({ ...params, run: this.known(params.run) }),
    'metrics/snapshot': (params) => metricsSnapshot(this.index, this.root, { ...params, run: this.known(params.run) }),
    'metrics/budgets': (params) => budgets(this.index, { ...params, run: this.known(params.run) }),
    'metrics/groups': (params) => groupHealth(this.index, this.root, { ...params, run: this.known(params.run) }),
    'groups/problems': (params) => groupProblems(this.index, { ...params, run: this.known(params.run) }),
    'groups/steps': (params) => groupSteps(this.index, { ...params, run: this.known(params.run) }),
    'groups/get': (params) => groupOf(this.index, this.root, params),
    'runs/table': ({ run }) => runTable(this.index, this.root, this.known(run)),
  };

  private readonly slicedAnswers: { [M in SlicedMethod]: (params: Params<M>) => Generator<void, Result<M>> } = {
    'traces/tokens': (params) => this.tokens.answer(params),
    'traces/readTexts': (params) => {
      const { index, root, annotator, figures } = this;
      return readTexts({ index, root, annotator, figures }, params);
    },
    'traces/pairs': (params) => pairs(this.index, this.sidesKnown(params)),
    'metrics/paired': (params) => paired(this.index, this.sidesKnown(params)),
    'metrics/rewardChange': (params) =>
      rewardChangeOf(this.index, this.root, { ...params, run: this.known(params.run) }),
    'metrics/advisories': ({ run }) => advisoriesOf(this.index, this.root, { run: this.known(run) }),
    'overview/series': (params) => this.overview.series({ ...params, run: this.known(params.run) }),
    'overview/matrix': (params) => this.overview.matrix({ ...params, run: this.known(params.run) }),
    'overview/difficulty': (params) => this.overview.difficulty({ ...params, run: this.known(params.run) }),
    'overview/budgets': (params) => this.overview.budgets({ ...params, run: this.known(params.run) }),
    'overview/problems': (params) => this.overview.problems({ ...params, run: this.known(params.run) }),
    'overview/behaviours': (params) => this.overview.behaviours({ ...params, run: this.known(params.run) }),
    'overview/scatter': (params) => this.overview.scatter({ ...params, run: this.known(params.run) }),
  };

  private *annotations({ trace, from }: Params<'traces/annotations'>): Generator<void, Result<'traces/annotations'>> {
    const found = annotationPage(yield* this.annotator.annotating(trace), from);
    const layers = otherLayers(this.index, trace);
    return layers.length > 0 ? { ...found, layers } : found;
  }

  private *sets(params: Params<'traces/sets'>): Generator<void, Result<'traces/sets'>> {
    return { sets: yield* traceSets(this.index, params) };
  }

  private sidesKnown<P extends Params<'traces/pairs'>>(params: P): P {
    this.known(params.before.run);
    this.known(params.after.run);
    return params;
  }

  /** @throws `not_found` */
  private known(run: string): string {
    if (this.index.get('SELECT 1 FROM runs WHERE run = ? AND deleted = 0', run)) return run;
    throw new LonghandError('not_found', `There is no run ${run}.`);
  }

  runs(cursor: string | undefined, limit: number | undefined): { runs: RunRecord[]; next?: string } {
    return runRecords(this.index, this.root, cursor, limit);
  }

  run(run: string): RunRecord {
    return runRecord(this.index, this.root, run);
  }

  attempt(key: AttemptKey): AttemptRecord {
    const [record] = attemptRecords(this.index, this.root, key.run, key);
    if (!record) throw new LonghandError('not_found', `There is no attempt ${streamOf(key)}.`);
    return record;
  }

  /** Drops what is kept of texts: a run was deleted, and its ids may come again. */
  forget(): void {
    this.texts.forget();
    this.tokens.forget();
    this.pages.forget();
    this.searches.forget();
    this.annotator.forget();
    this.labels.forget();
    this.judges.forget();
    this.overview.forget();
  }
}
