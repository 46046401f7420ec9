/** What the audit's words are on the screen. Pure. */
import { policyName, parsePolicy, POLICY_CHOICES, type Policy } from '../../core/answers/policy.ts';
import type { AuditReason, Suspect } from '../../core/protocol/audit.ts';
import type { VerdictValue } from '../../core/protocol/events.ts';

export const reasonNames: Record<AuditReason, string> = {
  checkers_differ: 'Checkers differ',
  same_answer_differs: 'Same answer, other word',
  gold_in_text: 'Gold in the text',
  undecided: 'Undecided',
  answers_differ: 'Reasoning differs',
  gold_unreadable: 'Gold unreadable',
  majority_differs: 'Majority differs',
  weak_rule: 'Weak rule',
};

/** `sign` for the list, `chip` for the filter. */
export const suspectLooks: Record<Suspect, { sign: string; tone: string; chip: string; words: string }> = {
  false_negative: { sign: '✓?', tone: 'right', chip: 'right?', words: 'probably right, counted as not right' },
  false_positive: { sign: '✗?', tone: 'wrong', chip: 'wrong?', words: 'probably wrong, counted as right' },
  unclear: { sign: '?', tone: 'cut', chip: 'unclear', words: 'somebody has to read it' },
};

export const valueSigns: Record<VerdictValue, { sign: string; tone: string; word: string }> = {
  right: { sign: '✓', tone: 'right', word: 'right' },
  wrong: { sign: '✗', tone: 'wrong', word: 'wrong' },
  undecided: { sign: '?', tone: 'cut', word: 'undecided' },
  none: { sign: '–', tone: 'muted', word: 'no gold' },
};

export const valueWord = (value: VerdictValue | null): string => (value === null ? 'none' : valueSigns[value].word);

/** The switches of the quick check that a reader can set one by one: their name, and what each value does. */
const switches: { [K in keyof Policy]?: { name: string; values: Partial<Record<string, string>> } } = {
  percent: { name: 'Per cent', values: { both: '10 % is 10 and 0.1', hundredth: '10 % is 0.1', number: '10 % is 10' } },
  order: { name: 'Order of lists', values: { any: 'does not count', written: 'counts' } },
  repeats: { name: 'Repeated items', values: { once: 'count once', written: 'count as written' } },
  tolerance: {
    name: 'Decimals',
    values: {
      '0.000001': 'within 10⁻⁶',
      '0': 'exact',
      '0.0001': 'within 10⁻⁴',
      '0.001': 'within 10⁻³',
      '0.01': 'within 0.01',
    },
  },
  relativeTolerance: {
    name: 'Relative error',
    values: { '0': 'none', '0.000001': '10⁻⁶', '0.0001': '0.01 %', '0.01': '1 %', '0.05': '5 %' },
  },
  rounding: {
    name: 'Rounding',
    values: {
      literal: 'by tolerance only',
      'to-gold': 'to the decimals of the gold',
      'to-fewer': 'to the fewer decimals',
    },
  },
  units: { name: 'Units', values: { ignored: 'ignored', 'where-both': 'must agree where both', compared: 'compared' } },
  names: { name: 'Names (x = 5)', values: { ignored: 'ignored', compared: 'compared' } },
  letterCase: { name: 'Letter case', values: { ignored: 'ignored', compared: 'compared' } },
  bounds: { name: 'Bounds as interval', values: { same: 'the same', other: 'another answer' } },
  multiples: { name: 'Multiples of an equation', values: { same: 'the same', other: 'another answer' } },
  decimalComma: { name: 'Decimal comma', values: { accepted: 'accepted', refused: 'refused' } },
};

export interface Switch {
  key: string;
  name: string;
  /** The first is the default. */
  options: { value: string; text: string }[];
}

/** Every switch with its values, the default first. */
export function policySwitches(): Switch[] {
  const defaults = parsePolicy('default');
  return (Object.keys(defaults) as (keyof Policy)[]).map((key) => {
    const known = switches[key];
    const own = String(defaults[key]);
    const choices: readonly string[] = (POLICY_CHOICES as Partial<Record<string, readonly string[]>>)[key] ?? [];
    const values = choices.length > 0 ? choices : Object.keys(known?.values ?? {});
    const ordered = [...values].sort((a, b) => Number(isSame(b, own)) - Number(isSame(a, own)));
    return {
      key,
      name: known?.name ?? key,
      options: ordered.map((value) => ({ value, text: known?.values[value] ?? value })),
    };
  });
}

const isSame = (value: string, own: string): boolean =>
  value === own || (value !== '' && Number.isFinite(Number(value)) && Number(value) === Number(own));

/** The name of the policy with these switches. */
export const policyWith = (chosen: Readonly<Record<string, string>>): string =>
  policyName(
    parsePolicy(
      Object.entries(chosen)
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
    ),
  );

/** A policy in words: the switches that differ from the default. */
export function policyWords(name: string): string {
  if (name === 'default') return 'its own rules';
  return name
    .split(',')
    .map((part) => {
      const [key = '', value = ''] = part.split('=');
      const known = switches[key as keyof Policy];
      const words = Object.entries(known?.values ?? {}).find(([one]) => isSame(one, value))?.[1];
      return `${known?.name ?? key}: ${words ?? value}`;
    })
    .join('; ');
}
