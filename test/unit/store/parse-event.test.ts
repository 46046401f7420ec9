import assert from 'node:assert/strict';
import { parseJournalEvent, parseStageEvent } from '../../../server/store/parse-event.ts';

const line = (fields: object): string => JSON.stringify({ v: 1, seq: 3, t: 1, ...fields });
const why = (text: string): string => {
  const parsed = parseStageEvent(text);
  assert.equal(parsed.ok, false);
  return parsed.ok ? '' : parsed.why;
};

describe('parse-event', () => {
  it('keeps keys and types of a later version', () => {
    const later = parseStageEvent(line({ type: 'gpu', watts: 300 }));
    assert.ok(later.ok && !later.known && later.seq === 3);
    const more = parseStageEvent(line({ type: 'state', phase: 'running', since: 5 }));
    assert.ok(more.ok && more.known);
    assert.equal((more.raw as unknown as { since: number }).since, 5);
  });

  it('says what is wrong with a line', () => {
    assert.match(why('{"v":1,'), /^not JSON/);
    assert.match(why('[1]'), /not a JSON object/);
    assert.match(why('null'), /not a JSON object/);
    assert.match(why('{"v":2,"seq":0,"t":0,"type":"state"}'), /version 2, this backend reads 1/);
    assert.match(why('{"v":1,"t":0,"type":"state"}'), /no seq/);
    assert.match(why('{"v":1,"seq":0.5,"t":0,"type":"state"}'), /no seq/);
    assert.match(why(line({ type: 'state', phase: 'asleep' })), /^state: phase/);
    assert.match(why(line({ type: 'trace_text', trace: 0, part: 0, offset: 0, length: 1 })), /^trace_text/);
    assert.match(why(line({ type: 'trace_text', trace: 0, part: 1, offset: -1, length: 1 })), /^trace_text/);
    assert.match(why(line({ type: 'trace_text', trace: 0, part: 1, offset: '0', length: 1 })), /^trace_text/);
  });

  it('keeps the seq of a line that is wrong otherwise, so that it is no gap', () => {
    assert.equal(parseStageEvent(line({ type: 'state', phase: 'asleep' })).seq, 3);
    assert.equal(parseStageEvent('{"v":2,"seq":7,"t":0,"type":"state"}').seq, 7);
  });

  it('checks the journal by its own types', () => {
    assert.ok(parseJournalEvent(line({ type: 'run_deleted', run: 'r' })).ok);
    const wrong = parseJournalEvent(line({ type: 'run_wanted', run: 'r', wanted: 'maybe' }));
    assert.equal(wrong.ok, false);
  });
});
