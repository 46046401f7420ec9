/**
 * Searching beside the page: an expression that backtracks without end can only be ended with the thread that it runs in. The
 * worker is made of the source of one function, so that it needs no file of its own and no policy that lets pages load one.
 */

export interface Place {
  /** UTF-16 units, end exclusive. */
  start: number;
  end: number;
}

export interface FoundPlaces {
  prompt: Place[];
  completion: Place[];
  /** Places that there are, more than are listed where a limit was reached. */
  total: number;
  /** What was left out and why, or null. */
  incomplete: string | null;
}

interface Texts {
  prompt: string;
  completion: string;
}

interface Task {
  id: number;
  texts: Partial<Texts>;
  source: string;
  flags: string;
  limit: number;
}

interface Report {
  id: number;
  in: 'prompt' | 'completion';
  /** Start and end of each place, one after the other. */
  places: Int32Array;
  total: number;
  /** How far the text has been searched. */
  at: number;
  done: boolean;
}

/** What the worker does. It may use nothing from outside: see {@link FindWorker}. */
function searchInWorker(): void {
  const held: Texts = { prompt: '', completion: '' };
  const scope = globalThis as unknown as {
    addEventListener: (type: 'message', listener: (event: MessageEvent<Task>) => void) => void;
    postMessage: (report: Report, transfer: ArrayBuffer[]) => void;
  };
  scope.addEventListener('message', ({ data: { id, texts, source, flags, limit } }) => {
    Object.assign(held, texts);
    const expression = new RegExp(source, flags);
    let listed = 0;
    let total = 0;
    for (const name of ['prompt', 'completion'] as const) {
      const text = held[name];
      let found: number[] = [];
      let told = performance.now();
      const tell = (at: number, done: boolean) => {
        const places = Int32Array.from(found);
        scope.postMessage({ id, in: name, places, total, at, done }, [places.buffer]);
        found = [];
        told = performance.now();
      };
      expression.lastIndex = 0;
      for (let match = expression.exec(text); match; match = expression.exec(text)) {
        const { length } = match[0];
        // A hit of nothing is none, and would be found for ever.
        if (length === 0) expression.lastIndex += 1;
        else {
          total += 1;
          if (listed < limit) {
            listed += 1;
            found.push(match.index, match.index + length);
          }
        }
        if (performance.now() - told > 40) tell(expression.lastIndex, false);
      }
      tell(text.length, name === 'completion');
    }
  });
}

export class FindWorker {
  #worker: Worker | null = null;
  #held: Partial<Texts> = {};
  #asked = 0;
  #end: (() => void) | null = null;

  /**
   * Searches both texts. `onSome` hears what was found so far. Resolves to null when another search was asked for meanwhile, and after
   * `timeout` milliseconds to what was found until then.
   */
  search(
    texts: Texts,
    expression: RegExp,
    { limit, timeout, onSome }: { limit: number; timeout: number; onSome: (found: FoundPlaces) => void },
  ): Promise<FoundPlaces | null> {
    this.#end?.();
    const id = (this.#asked += 1);
    const found: FoundPlaces = { prompt: [], completion: [], total: 0, incomplete: null };
    const worker = (this.#worker ??= makeWorker());
    let searched = 0;
    // Lists of their own: those who watch see that they are others.
    const soFar = (): FoundPlaces => ({ ...found, prompt: [...found.prompt], completion: [...found.completion] });
    return new Promise((resolve) => {
      const finish = (result: FoundPlaces | null) => {
        clearTimeout(timer);
        worker.removeEventListener('message', listen);
        this.#end = null;
        resolve(result);
      };
      const stop = () => {
        worker.terminate();
        this.#worker = null;
        this.#held = {};
      };
      const timer = setTimeout(() => {
        stop();
        const all = texts.prompt.length + texts.completion.length;
        found.incomplete = `stopped after ${timeout / 1000} s, ${searched.toLocaleString('en')} of ${all.toLocaleString('en')} characters were searched`;
        finish(soFar());
      }, timeout);
      const listen = ({ data }: MessageEvent<Report>) => {
        if (data.id !== id) return;
        for (let i = 0; i + 1 < data.places.length; i += 2)
          found[data.in].push({ start: data.places[i]!, end: data.places[i + 1]! });
        found.total = data.total;
        searched = (data.in === 'completion' ? texts.prompt.length : 0) + data.at;
        if (!data.done) return onSome(soFar());
        if (found.total > limit)
          found.incomplete = `the first ${limit.toLocaleString('en')} of ${found.total.toLocaleString('en')} are listed`;
        finish(soFar());
      };
      worker.addEventListener('message', listen);
      this.#end = () => {
        // It may be one that never ends.
        stop();
        finish(null);
      };
      const fresh: Partial<Texts> = {};
      for (const name of ['prompt', 'completion'] as const)
        if (this.#held[name] !== texts[name]) fresh[name] = this.#held[name] = texts[name];
      const { source, flags } = expression;
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
      worker.postMessage({ id, texts: fresh, source, flags, limit } satisfies Task);
    });
  }

  dispose(): void {
    this.#end?.();
    this.#worker?.terminate();
    this.#worker = null;
  }
}

function makeWorker(): Worker {
  const url = URL.createObjectURL(new Blob([`(${searchInWorker.toString()})()`], { type: 'text/javascript' }));
  const worker = new Worker(url);
  URL.revokeObjectURL(url);
  return worker;
}
