/** The entry of the store's thread. */
import { setImmediate as breathe } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { ErrorCode } from '../../core/protocol/errors.ts';
import type { Result } from '../../core/protocol/methods.ts';
import { Imports } from './importing.ts';
import type { Message, Request, StoreCall, StoreCalls } from './messages.ts';
import { Store } from './store.ts';
import type { StoreMethod } from './trace-store.ts';
import { verify } from './verify.ts';

type Handlers = {
  [C in StoreCall]: (
    args: StoreCalls[C]['args'],
    id: number,
  ) => StoreCalls[C]['result'] | Promise<StoreCalls[C]['result']>;
};

const port = parentPort;
if (!port) throw new Error('store-worker runs as a worker thread only');
const { root } = workerData as { root: string };
const send = (message: Message): void => port.postMessage(message);

let listening = false;
let store: Store;
try {
  store = new Store(root, {
    batch: (batch) => {
      if (listening) send({ type: 'batch', batch });
    },
    attempts: (attempts) => send({ type: 'attempts', attempts }),
    fault: (fault) => send({ type: 'fault', fault }),
  });
} catch (error) {
  send({ type: 'failed', error: coded(error) });
  throw error;
}
const imports = new Imports(store);

const handlers: Handlers = {
  read: ([method, params]) => {
    const answer: object = store.questions.answer<StoreMethod>(method, params);
    if (Symbol.iterator in answer) return inSlices(answer as Generator<void, Result<StoreMethod>>);
    return answer as Result<StoreMethod>;
  },
  catchUp: ([key]) => store.intake.catchUp(key),
  runs: ([cursor, limit]) => store.questions.runs(cursor, limit),
  run: ([run]) => store.questions.run(run),
  attempt: ([key]) => store.questions.attempt(key),
  appendJournal: ([event]) => store.intake.appendJournal(event),
  deleteRun: ([run]) => store.deleteRun(run),
  cursor: ([run]) => store.cursor(run),
  startOf: ([cursor, run]) => store.startOf(cursor, run),
  replay: ([stream, after, limit]) => store.replay(stream, after, limit),
  listen: ([on]) => {
    listening = on;
  },
  beginImport: ([start]) => imports.begin(start),
  appendImport: ([run, batch]) => imports.append(run, batch),
  finishImport: ([run]) => imports.finish(run),
  abortImport: ([run]) => imports.abort(run),
  reindex: (_args, id) => store.reindex((done, total, current) => send({ type: 'progress', id, done, total, current })),
  setFigures: ([params]) => inSlices(store.questions.figures.sets(params)),
  traceFigures: ([params]) => inSlices(store.questions.figures.trace(params)),
  sliced: ([method, params]) => inSlices(store.questions.sliced(method, params)),
  behaviours: ([params]) => inSlices(store.questions.behaviours(params)),
  rescoreRows: ([wish, after, count]) => inSlices(store.audit.rescores.lacking(wish, after, count)),
  giveVerdicts: ([run, names, verdicts]) => store.audit.rescores.give(run, names, verdicts),
  audit: ([method, params]) => inSlices(store.audit.answer(method, params as never)),
  editLabels: ([params]) => store.editLabels(params),
  labelAgreement: ([params]) => inSlices(store.questions.labelAgreement(params)),
  judgeAgreement: ([params]) => inSlices(store.questions.judgeAgreement(params)),
  beginSearch: ([scope]) => inSlices(store.questions.searches.begin(scope)),
  searchPage: ([scope]) => inSlices(store.questions.searches.page(scope)),
  searchedRows: ([ids]) => store.questions.searches.rows(ids),
  labelQueue: ([params]) => inSlices(store.questions.labelQueue(params)),
  verify: async (_args, id) => {
    const steps = verify(store.index, root);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      if (step.value.total > 0) send({ type: 'progress', id, ...step.value });
      await breathe();
    }
  },
  close: () => {
    store.close();
    setImmediate(() => port.close());
  },
};

port.on('message', (request: Request) => {
  void answer(request);
});
send({ type: 'ready' });

/** Other calls are answered where it yields. */
async function inSlices<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await breathe();
  }
}

async function answer({ id, call, args }: Request): Promise<void> {
  try {
    send({ type: 'result', id, value: await handlers[call](args as never, id) });
  } catch (error) {
    send({
      type: 'error',
      id,
      error: { ...coded(error), detail: error instanceof LonghandError ? error.detail : null },
    });
  }
}

function coded(error: unknown): { code: ErrorCode; message: string } {
  if (error instanceof LonghandError) return { code: error.code, message: error.message };
  const { code, message, errcode } = error as NodeJS.ErrnoException & { errcode?: number };
  if (code === 'ENOSPC' || code === 'EDQUOT' || (errcode ?? 0) % 256 === 13) return { code: 'disk_full', message };
  if (code === 'EACCES' || code === 'EPERM' || code === 'ENOENT' || code === 'EIO')
    return { code: 'unreadable', message };
  return { code: 'internal', message: error instanceof Error ? (error.stack ?? message) : String(error) };
}
