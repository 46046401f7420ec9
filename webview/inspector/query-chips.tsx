/** The query as chips: the usual terms one click away, every other term with a button that takes it out. The text is the state. */
import type { TraceFilter } from '../../core/protocol/traces.ts';
import { termsOfFilter } from '../../core/query/filter-terms.ts';
import { parseQuery } from '../../core/query/parse.ts';
import type { FieldTerm, Term } from '../../core/query/types.ts';
import { writeTerm } from '../../core/query/write.ts';
import { Icon } from '../ui/icon.tsx';
import { findTerm, hasValue, removeTerm, toggleTerm, toggleValue } from './query-edit.ts';

interface QueryChipsProps {
  filter: TraceFilter;
  text: string;
  onFilter: (filter: TraceFilter) => void;
  onText: (text: string) => void;
  /** A field whose values the reader is to choose from. */
  onAsk: (field: string) => void;
}

interface Usual {
  name: string;
  sign?: string;
  tone?: string;
  title: string;
  /** A value of `verdict`, or a whole term. */
  verdict?: string;
  term?: string;
}

const usual: readonly Usual[] = [
  { name: 'right', sign: '✓', tone: 'right', title: 'Only right', verdict: 'right' },
  { name: 'wrong', sign: '✗', tone: 'wrong', title: 'Only wrong', verdict: 'wrong' },
  { name: 'no answer', sign: '–', title: 'Only those without an answer', term: '-has:answer' },
  { name: 'truncated', sign: '…', tone: 'cut', title: 'Only those cut at the limit', term: 'is:truncated' },
  { name: 'live', sign: '●', title: 'Only those being written', term: 'is:live' },
];
const asked = ['stage', 'step'] as const;

export function QueryChips({ filter, text, onFilter, onText, onAsk }: QueryChipsProps) {
  const { terms } = parseQuery(text).query;
  const shown = new Set(usual.flatMap(({ term }) => (term ? (findTerm(text, term) ?? []) : [])).map(placeOf));
  const isUsual = (term: Term) =>
    shown.has(placeOf(term)) ||
    (term.kind === 'field' && term.field === 'verdict' && !term.negated && term.values.every(isUsualVerdict));
  const others = terms.filter((term) => !isUsual(term));
  const scope = Object.entries(filter).flatMap(([key, value]) =>
    key === 'run' || value === undefined
      ? []
      : termsOfFilter({ [key]: value }).map((term) => ({ key: key as keyof TraceFilter, term })),
  );
  return (
    <div class="chips" role="group" aria-label="Terms of the query">
      {usual.map(({ name, sign, tone, title, verdict, term }) => (
        <button
          key={name}
          class="chip"
          aria-pressed={verdict ? hasValue(text, 'verdict', verdict) : findTerm(text, term!) !== undefined}
          title={`${title} (${verdict ? `verdict:${verdict}` : term})`}
          onClick={() => onText(verdict ? toggleValue(text, 'verdict', verdict) : toggleTerm(text, term!))}
        >
          <span class={tone} aria-hidden="true">
            {sign}
          </span>
          {name}
        </button>
      ))}
      {asked.map((field) => (
        <button
          key={field}
          class="chip"
          aria-haspopup="listbox"
          title={`Choose a ${field} (${field}:)`}
          onClick={() => onAsk(field)}
        >
          {field}
          <Icon name="chevron-down" />
        </button>
      ))}
      {scope.map(({ key, term }) => (
        <TermChip
          key={`scope-${key}`}
          label={writeTerm(term)}
          what="what was opened"
          onRemove={() => {
            const { [key]: _gone, ...rest } = filter;
            onFilter(rest);
          }}
        />
      ))}
      {others.map((term) => (
        <TermChip
          key={placeOf(term)}
          label={text.slice(term.start, term.end)}
          what="the query"
          onRemove={() => onText(removeTerm(text, term))}
        />
      ))}
    </div>
  );
}

const placeOf = ({ start, end }: Term): string => `${start}-${end}`;
const isUsualVerdict = (value: FieldTerm['values'][number]): boolean =>
  value.is === 'text' && (value.text === 'right' || value.text === 'wrong');

function TermChip({ label, what, onRemove }: { label: string; what: string; onRemove: () => void }) {
  return (
    <span class="chip chip-term" title={`${label}, of ${what}`}>
      <span class="chip-text">{label}</span>
      <button class="chip-remove" aria-label={`Take out ${label}`} title={`Take out ${label}`} onClick={onRemove}>
        <Icon name="close" />
      </button>
    </span>
  );
}
