/** Figures of two sides out of the traces of a fake host. */
import { pairedFigures, type PairedSample } from '../../core/metrics/paired.ts';
import type { OneSided, PairedAnswer, TraceSide } from '../../core/protocol/comparison.ts';
import type { Params } from '../../core/protocol/methods.ts';
import type { TraceDetail } from '../../core/protocol/traces.ts';

export function fakePaired(
  traces: readonly { detail: TraceDetail }[],
  { before, after, factor }: Params<'metrics/paired'>,
): PairedAnswer {
  const of = ({ run, stage, step }: TraceSide): (PairedSample & { model: string | null })[] =>
    traces
      .map(({ detail }) => detail)
      .filter((one) => one.run === run && one.stage === stage && (step === null || one.step === step));
  const figures = pairedFigures(of(before), of(after), factor === undefined ? {} : { factor });
  const models = (side: TraceSide) => [...new Set(of(side).flatMap(({ model }) => model ?? []))];
  const named = (problems: string[]): OneSided => ({
    n: problems.length,
    problems: problems.map((problem) => ({ problem, label: problem })),
  });
  return {
    ...figures,
    onlyBefore: named(figures.onlyBefore),
    onlyAfter: named(figures.onlyAfter),
    models: { before: models(before), after: models(after) },
  };
}
