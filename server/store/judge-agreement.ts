/**
 * Detector and judge over a run, a stage or a trace. Texts are read for a fraction of a second a call, and what they say is kept in
 * memory under the place of the judge's record.
 */
import { DETECTOR } from '../../core/behaviours/detect.ts';
import type { Label } from '../../core/behaviours/spans.ts';
import { judgeLabels } from '../../core/judge/definitions.ts';
import { addAgreements, agreementByLabel, covered, type Labelled } from '../../core/labels/agreement.ts';
import { comparable, differing, snippet } from '../../core/labels/disagreements.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { JudgeDisagreement, JudgeLabelAgreement } from '../../core/protocol/judge.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import { steps } from '../../core/traces/steps.ts';
import type { JudgedRecords, Place } from '../judge/records.ts';
import type { Annotator } from './annotate.ts';
import type { IndexFile } from './index-file.ts';
import { judgedRecords, layerOf } from './judge-layers.ts';
import { Lru } from './lru.ts';
import { parseTraceId } from './paths.ts';
import { Reading } from './reading.ts';

const LISTED = 200;
/** Labels and places kept in all. */
const KEPT = 200_000;

interface Seen {
  labels: JudgeLabelAgreement[];
  steps: number;
  places: Omit<JudgeDisagreement, 'trace'>[];
}

interface Judged {
  trace: string;
  place: Place;
}

export class JudgeFigures {
  private readonly index: IndexFile;
  private readonly annotator: Annotator;
  private readonly cache = new Lru<string, Seen>(KEPT, (seen) => seen.labels.length + seen.places.length + 1);

  constructor(index: IndexFile, annotator: Annotator) {
    this.index = index;
    this.annotator = annotator;
  }

  forget(): void {
    this.cache.clear();
  }

  /** Answers `judge/agreement`. */
  *agreement({ run, stage, trace, judge }: Params<'judge/agreement'>): Generator<void, Result<'judge/agreement'>> {
    const records = judgedRecords(this.index, run);
    const judges = records
      .judges()
      .map(({ model, prompt, traces }) => ({ kind: 'judge' as const, name: model, version: prompt, traces }));
    const wanted = judge ?? judges.at(-1);
    if (!wanted) return { agreement: null, judges };
    const sums = new Map<Label, JudgeLabelAgreement>();
    const disagreements: JudgeDisagreement[] = [];
    const work = new Reading();
    let [traces, inSteps, more] = [0, 0, 0];
    for (const one of judgedBy(records, wanted)) {
      const inPlace = trace === undefined ? stage === undefined || isOfStage(one.trace, stage) : one.trace === trace;
      if (!inPlace) continue;
      const key = JSON.stringify([one.trace, one.place.position, DETECTOR]);
      const seen = yield* work.kept(this.cache, key, () => this.look(records, one));
      if (seen) {
        traces += 1;
        inSteps += seen.steps;
        addAgreements(sums, seen.labels);
        for (const place of seen.places)
          if (disagreements.length < LISTED) disagreements.push({ trace: one.trace, ...place });
          else more += 1;
      }
      yield* work.breath();
    }
    // Where a trace has a label nowhere, none of its steps has it: they are units too.
    for (const sum of sums.values()) sum.steps.units = inSteps;
    const labels = judgeLabels.flatMap((label) => sums.get(label) ?? []);
    const { name, version } = wanted;
    return {
      agreement: {
        judge: { kind: 'judge', name, version },
        detector: { ...DETECTOR },
        ...{ traces, steps: inSteps, labels, disagreements, more, waiting: work.waiting },
      },
      judges,
    };
  }

  /** Reads a text; null where it is gone. */
  private *look(records: JudgedRecords, { trace, place }: Judged): Generator<void, Seen | null> {
    const layer = layerOf(records, place);
    if (!layer) return null;
    try {
      const { text, spans } = yield* this.annotator.reading(trace);
      const all = steps(text);
      const within = (layer.read ?? []).map(([start, end]) => ({ start, end }));
      const isJudged = ({ label }: Labelled) => (judgeLabels as readonly Label[]).includes(label);
      const isRead = (span: Labelled) => covered([span], within)[0];
      const [gold, found] = [comparable(layer.spans), comparable(spans).filter(isJudged)];
      return {
        labels: [...agreementByLabel({ steps: all, gold, found, within })].map(([label, counts]) => ({
          label,
          ...counts,
        })),
        steps: covered(all, within).filter(Boolean).length,
        places: differing(gold.filter(isRead), found.filter(isRead)).map(({ place: { start, end, label }, of }) => {
          return { start, end, label, only: of === 'gold' ? 'judge' : 'detector', text: snippet(text, start) };
        }),
      };
    } catch (error) {
      if (!LonghandError.is(error, 'corrupt') && !LonghandError.is(error, 'not_found')) throw error;
      return null;
    }
  }
}

function* judgedBy(records: JudgedRecords, judge: { name: string; version: string }): Generator<Judged> {
  for (const trace of records.traces())
    for (const place of records.of(trace))
      if (place.model === judge.name && place.prompt === judge.version) yield { trace, place };
}

const isOfStage = (trace: string, stage: string): boolean => parseTraceId(trace).key.stage === stage;
