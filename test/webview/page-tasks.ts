/**
 * The tasks of a page's main thread, from Chromium's own trace: how long each took, and how much of that the thread was really
 * running. Where other programs want the machine, only the second is the page's own doing.
 */
import type { Frame, Page } from 'playwright-core';

/** Milliseconds. */
export interface PageTask {
  /** By the clock. */
  wall: number;
  /** Of the thread's processor time. */
  cpu: number;
}

/** Says in the trace which thread is meant. */
const MARK = 'longhand-watched';

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds. */
  dur?: number;
  tdur?: number;
}

/**
 * Begins to watch the thread that a frame runs on, the page's own if no other is named: in an editor it may have a process to itself.
 * The function that it returns ends that and says which tasks ran meanwhile, those under 1 ms left out.
 */
export async function watchTasks(page: Page, frame: Frame = page.mainFrame()): Promise<() => Promise<PageTask[]>> {
  const client = await page.context().newCDPSession(page);
  const mains = new Set<string>();
  const tasks: { thread: string; task: PageTask }[] = [];
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  client.on('Tracing.dataCollected', ({ value }) => {
    for (const event of value as unknown as TraceEvent[]) {
      if (event.name === MARK) mains.add(threadOf(event));
      if (event.name !== 'ThreadControllerImpl::RunTask' || (event.dur ?? 0) < 1000) continue;
      if (event.tdur === undefined) throw new Error('Chromium gave a task without its processor time.');
      tasks.push({ thread: threadOf(event), task: { wall: event.dur! / 1000, cpu: event.tdur / 1000 } });
    }
  });
  await client.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', 'blink.user_timing'], excludedCategories: ['*'] },
  });
  await frame.evaluate((name) => void performance.mark(name), MARK);
  return async () => {
    const complete = new Promise((done) => client.once('Tracing.tracingComplete', done));
    await client.send('Tracing.end');
    await complete;
    await client.detach();
    if (mains.size === 0) throw new Error('The trace does not name the thread of the page.');
    return tasks.filter(({ thread }) => mains.has(thread)).map(({ task }) => task);
  };
}

/** The longest of some tasks, by each of the two; 0 where there is none. */
export function longest(tasks: readonly PageTask[]): PageTask {
  const most = (of: keyof PageTask) => Math.max(0, ...tasks.map((task) => task[of]));
  return { wall: most('wall'), cpu: most('cpu') };
}
