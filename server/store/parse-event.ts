/** One line of an `events.jsonl` or of the journal → an event, or the reason why not. */
import { eventSchema, EVENTS_VERSION } from '../../core/protocol/events.ts';
import type { StageEvent } from '../../core/protocol/events.ts';
import { journalSchema } from '../../core/protocol/files.ts';
import type { JournalEvent } from '../../core/protocol/files.ts';

/** `raw` is the line as it stands, with keys and types that this version does not know: they are kept for whoever does. */
export type Parsed<E> =
  { ok: true; seq: number; raw: E; known: boolean } | { ok: false; seq: number | null; why: string };

const known = new Set<string>(eventSchema.options.map((option) => option.shape.type.value));
const knownJournal = new Set<string>(journalSchema.options.map((option) => option.shape.type.value));

export const parseStageEvent = (text: string): Parsed<StageEvent> =>
  parse<StageEvent>(text, known, (raw) => {
    // Nine lines of ten are this one: checked by hand.
    if (raw['type'] === 'trace_text') {
      const { trace, part, offset, length } = raw;
      return isCount(trace) && isCount(part) && part >= 1 && isCount(offset) && isCount(length)
        ? null
        : 'trace, part, offset or length of a trace_text is not a whole number';
    }
    return explain(eventSchema.safeParse(raw));
  });

export const parseJournalEvent = (text: string): Parsed<JournalEvent> =>
  parse<JournalEvent>(text, knownJournal, (raw) => explain(journalSchema.safeParse(raw)));

function parse<E>(text: string, types: Set<string>, check: (raw: Record<string, unknown>) => string | null): Parsed<E> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, seq: null, why: `not JSON: ${(error as Error).message}` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, seq: null, why: 'not a JSON object' };
  }
  const raw = value as Record<string, unknown>;
  const seq = isCount(raw['seq']) ? raw['seq'] : null;
  if (raw['v'] !== EVENTS_VERSION) {
    return { ok: false, seq, why: `version ${JSON.stringify(raw['v'])}, this backend reads ${EVENTS_VERSION}` };
  }
  if (seq === null) return { ok: false, seq, why: 'no seq' };
  if (typeof raw['t'] !== 'number' || typeof raw['type'] !== 'string')
    return { ok: false, seq, why: 'no t or no type' };
  if (!types.has(raw['type'])) return { ok: true, seq, raw: raw as E, known: false };
  const why = check(raw);
  return why === null
    ? { ok: true, seq, raw: raw as E, known: true }
    : { ok: false, seq, why: `${raw['type']}: ${why}` };
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function explain(result: {
  success: boolean;
  error?: { issues: { path: PropertyKey[]; message: string }[] };
}): string | null {
  if (result.success) return null;
  const issue = result.error?.issues[0];
  return issue ? `${issue.path.map(String).join('.')}: ${issue.message}` : 'not as the contract says';
}
