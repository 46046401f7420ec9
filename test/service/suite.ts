/** A service for one suite of tests, whose training and evaluation are rehearsed (`test/support/rehearsal_worker.py`). */
import { join } from 'node:path';
import { after, before } from 'mocha';
import type { Backend } from '../../core/protocol/client.ts';
import type { RunSummary } from '../../core/protocol/methods.ts';
import { rehearsalPython, temporaryFolder, TestService, untilRun } from '../support/service.ts';

export class SuiteService {
  readonly root: string;
  readonly service: TestService;
  #backend: Backend | null = null;

  /** `name`: part of the root's name. */
  constructor(name: string) {
    this.root = temporaryFolder(name);
    this.service = new TestService(this.root, rehearsalPython(join(this.root, 'bin')));
  }

  get backend(): Backend {
    if (!this.#backend) throw new Error('the service of this suite has not started yet');
    return this.#backend;
  }

  /** A client; again after the service was killed and started. */
  async connect(): Promise<void> {
    this.#backend = await this.service.connect();
  }

  /** Starts a run of a recipe's text and returns its id. */
  async start(text: string): Promise<string> {
    return (await this.backend.call('runs/start', { source: { text, path: null } })).run;
  }

  /** The run once `condition` holds of it; rejects after `timeout` milliseconds. */
  async until(run: string, condition: (summary: RunSummary) => boolean, timeout?: number): Promise<RunSummary> {
    return untilRun(this.backend, run, condition, timeout);
  }

  /** The run once it is completed, failed or stopped. */
  async ended(run: string): Promise<RunSummary> {
    return this.until(run, ({ state }) => ['completed', 'failed', 'stopped'].includes(state));
  }
}

/** Called inside `describe`: the service starts before its tests and ends after them. */
export function suiteService(name: string): SuiteService {
  const suite = new SuiteService(name);
  before(async () => {
    await suite.service.start();
    await suite.connect();
  });
  after(() => suite.service.dispose());
  return suite;
}
