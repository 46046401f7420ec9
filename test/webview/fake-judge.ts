/** A judge that labels steps by a rule, as the service would show what it says and compare it with the detector. */
import { DETECTOR } from '../../core/behaviours/detect.ts';
import type { Span } from '../../core/behaviours/spans.ts';
import { judgeLabels, type AnswerLabel } from '../../core/judge/definitions.ts';
import { judgedSpans, judgedStretches } from '../../core/judge/spans.ts';
import { addCounts, agreementByLabel, noCounts } from '../../core/labels/agreement.ts';
import { comparable, differing } from '../../core/labels/disagreements.ts';
import type { JudgeDisagreement, JudgeLabelAgreement } from '../../core/protocol/judge.ts';
import type { Layer } from '../../core/protocol/layers.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import type { Annotations } from '../../core/protocol/traces.ts';
import { steps } from '../../core/traces/steps.ts';

export type JudgeRule = (text: string) => AnswerLabel[];

const judge = { kind: 'judge', name: 'judge-1', version: '1' } as const;

export function judgeLayer(text: string, rule: JudgeRule): Layer {
  const all = steps(text);
  const labels = new Map(all.map(({ start, end }, i) => [i, rule(text.slice(start, end))]));
  const spans = judgedSpans(text, all, labels).map(({ start, end, label }): Span => ({
    ...{ in: 'completion', start, end, label, detector: judge.name, version: judge.version },
    ...{ confidence: 1, evidence: '' },
  }));
  return { ...judge, spans, read: judgedStretches(all, labels) };
}

/** Over the traces that are given with their texts and what the detector says of them. */
export function judgeAgreement(
  traces: readonly { text: string; annotations: Annotations }[],
  { trace, stage }: Params<'judge/agreement'>,
  rule: JudgeRule,
): Result<'judge/agreement'> {
  const sums = new Map<string, JudgeLabelAgreement>();
  const disagreements: JudgeDisagreement[] = [];
  let [n, inSteps] = [0, 0];
  for (const { text, annotations } of traces) {
    const id = annotations.trace;
    if (trace !== undefined ? id !== trace : stage !== undefined && id.split('/')[1] !== stage) continue;
    const all = steps(text);
    const gold = comparable(judgeLayer(text, rule).spans);
    const found = comparable(annotations.spans).filter(({ label }) =>
      (judgeLabels as readonly string[]).includes(label),
    );
    n += 1;
    inSteps += all.length;
    for (const [label, counts] of agreementByLabel({
      steps: all,
      gold,
      found,
      within: [{ start: 0, end: text.length }],
    })) {
      const sum = sums.get(label) ?? { label, steps: noCounts(), spans: noCounts(null) };
      addCounts(sum.steps, counts.steps);
      addCounts(sum.spans, counts.spans);
      sums.set(label, sum);
    }
    for (const { place, of } of differing(gold, found)) {
      const { start, end, label } = place;
      const only = of === 'gold' ? 'judge' : 'detector';
      disagreements.push({ trace: id, start, end, label, only, text: text.slice(start, start + 60) });
    }
  }
  for (const sum of sums.values()) sum.steps.units = inSteps;
  return {
    agreement: {
      ...{ judge, detector: { ...DETECTOR }, traces: n, steps: inSteps, labels: [...sums.values()] },
      ...{ disagreements, more: 0, waiting: 0 },
    },
    judges: [{ ...judge, traces: n }],
  };
}
