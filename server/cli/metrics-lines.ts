/** The figures of `longhand metrics` as tables for people. */
import type { FigureSet } from '../../core/protocol/figures.ts';
import type { Figure, SetFigures } from '../../core/metrics/set-figures.ts';
import { accuracySentence, tokensSentence } from '../../core/metrics/paired-words.ts';
import { markerName } from '../../core/traces/marker-name.ts';
import type { SetPair, StageTurns } from './metrics.ts';
import { table } from './output.ts';

export function setLines(sets: readonly FigureSet[], more: number): string[] {
  if (sets.length === 0) return ['There are no completions.'];
  const lines = sets.flatMap((set) => [...linesOf(set), '']);
  if (more > 0) lines.push(`${more} sets more are not shown.`);
  return lines;
}

function linesOf(set: FigureSet): string[] {
  const { figures: found } = set;
  const name = [set.set, set.of ?? set.stage, set.step === null ? null : `step ${set.step}`].filter(
    (part) => part !== null,
  );
  const title = `${name.join(' · ')}${set.marker === null ? '' : ` · ${markerName(set.marker)}`}`;
  if (!found) return [title];
  const several = found.samples.most > 1;
  const size = `${found.completions} completions of ${found.problems} problems`;
  const marks = [...found.marks];
  if (set.unreadable > 0)
    marks.push(`the text of ${set.unreadable} completions is gone; they are in no figure of texts`);
  if (set.cut > 0) marks.push(`of ${set.cut} very long completions the first 524,288 characters were read`);
  return [
    `${title}: ${size}`,
    ...marks.map((mark) => `  ! ${mark}`),
    ...table([['figure', 'value', '95 % interval', 'n'], ...rowsOf(found, several)]),
    ...(found.budgets.length > 0 ? ['', ...budgetLines(found)] : []),
    ...controlledLines(set),
  ];
}

type Row = [name: string, value: string, interval: string, n: string];

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const whole = (value: number) => value.toFixed(value >= 100 ? 0 : 1);
const plain = (value: number) => value.toFixed(2);

function row(name: string, figure: Figure | null, show: (value: number) => string): Row[] {
  if (figure === null) return [];
  return [[name, show(figure.mean), `[${show(figure.low)}, ${show(figure.high)}]`, String(figure.n)]];
}

function rowsOf(found: SetFigures, several: boolean): Row[] {
  const at = (name: string, list: SetFigures['pass']) =>
    list.flatMap(({ k, value, refused }): Row[] =>
      refused === null ? row(`${name}@${k}`, value, percent) : [[`${name}@${k}`, '–', refused, '']],
    );
  const asked = several || found.pass.some(({ refused }) => refused !== null);
  const { tokens, firstCorrect, flips, efficiency } = found;
  const about = found.placesExact?.mean === 1 ? '' : ' ≈';
  const cutToo = found.accuracyCutToo?.mean === found.accuracy?.mean ? null : found.accuracyCutToo;
  return [
    ...row('pass@1', found.accuracy, percent),
    ...row('  cut ones too', cutToo, percent),
    ...row('reward', found.reward, (value) => value.toFixed(3)),
    ...(asked
      ? [
          ...at(
            'pass',
            found.pass.filter(({ k }) => k > 1),
          ),
          ...at(
            'maj',
            found.majority.filter(({ k }) => k > 1),
          ),
        ]
      : []),
    ...row('tokens, all', tokens.all, whole),
    ...row('  finished', tokens.finished, whole),
    ...row('  right', tokens.right, whole),
    ...row('  wrong', tokens.wrong, whole),
    ...row('finished', tokens.finishedShare, percent),
    ...row('holds a right answer', firstCorrect.reached, percent),
    ...row(`  first, at tokens${about}`, firstCorrect.tokens, whole),
    ...row(`  tokens after it${about}`, firstCorrect.after, whole),
    ...row('  share after it', firstCorrect.wasted, percent),
    ...row('flips wrong → right', flips.wrongToRight, plain),
    ...row('flips right → wrong', flips.rightToWrong, plain),
    ...row('outcome efficiency', efficiency.outcome, percent),
    ...row('process efficiency', efficiency.process, percent),
    ...row('underthinking', efficiency.underthinking, percent),
    ...row('with a loop', found.loops.completions, percent),
    ...row('  tokens lost in loops', found.loops.lost, percent),
    ...row('repeated trigrams', found.repeats.trigrams, percent),
    ...row('alike neighbours', found.repeats.alike, percent),
    ...row('with another script', found.language.switched, percent),
    ...row('garbled', found.garbled.completions, percent),
    ...row('thought never closed', found.unclosed, percent),
    ...(found.echo && found.echo.mean > 0 ? row('repeats its prompt', found.echo, percent) : []),
  ];
}

function budgetLines({ budgets }: SetFigures): string[] {
  const show = (figure: Figure | null, as: (value: number) => string) => (figure === null ? '–' : as(figure.mean));
  const head = ['budget', 'pass@1', 'forced', 'maj', 'box by', 'answers', 'finished', 'mean tokens'];
  const body = budgets.map((one) => [
    `≤ ${one.budget}`,
    show(one.accuracy, percent),
    show(one.forced, percent),
    show(one.majority, percent),
    show(one.box, percent),
    show(one.answers, plain),
    show(one.finished, percent),
    show(one.tokens, whole),
  ]);
  return table([head, ...body]);
}

/** Behaviours of right completions against wrong ones of the same problem and length, and against the base. */
function controlledLines({ controlled, base }: FigureSet): string[] {
  const ratio = (
    rates: { ratio: number | null; interval: { low: number; high: number } | null; strata: number } | null,
  ) => {
    if (!rates || rates.ratio === null) return '–';
    const between = rates.interval ? ` [${plain(rates.interval.low)}, ${plain(rates.interval.high)}]` : '';
    return `${plain(rates.ratio)}${between}`;
  };
  const known =
    controlled?.filter(({ rightToWrong, toBase }) => rightToWrong?.ratio != null || toBase?.ratio != null) ?? [];
  if (known.length === 0) return [];
  const body = known.map(({ label, rightToWrong, toBase }) => [
    label.replaceAll('_', ' '),
    ratio(rightToWrong),
    ...(base ? [ratio(toBase)] : []),
  ]);
  const head = ['behaviour', 'right : wrong', ...(base ? ['to the base'] : [])];
  return ['', 'Rates of behaviours at the same problem and band of length, as ratios', ...table([head, ...body])];
}

export function turnLines(turns: readonly StageTurns[]): string[] {
  if (turns.length === 0) return [];
  const body = turns.map((one) => [
    one.stage,
    percent(one.first),
    percent(one.second),
    percent(one.change),
    percent(one.mended),
    percent(one.broken),
    String(one.n),
  ]);
  return table([['stage', 'Acc@t1', 'Acc@t2', 'Δ', 'wrong → right', 'right → wrong', 'documents'], ...body]);
}

export function againstLines(run: string, pairs: readonly SetPair[]): string[] {
  return pairs.flatMap(({ set, paired }) => [
    `${set ?? 'all'} against ${run}: ${paired.problems} problems on both sides`,
    `  ${accuracySentence(wide(paired))}`,
    `  ${tokensSentence(wide(paired))}`,
    `  newly solved ${paired.changes.wrong_to_right}, newly broken ${paired.changes.right_to_wrong}, both right ${paired.changes.both_right} (longer ${paired.longer}), both wrong ${paired.changes.both_wrong}`,
  ]);
}

/** The words need the numbers alone; the names of one-sided problems are in the object. */
const wide = (paired: SetPair['paired']) => ({ ...paired, onlyBefore: [], onlyAfter: [] });
