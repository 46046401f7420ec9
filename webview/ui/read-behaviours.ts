/** Lengths and behaviours from the service, which reads texts for a fraction of a second a call. */
import type { Params, Result } from '../../core/protocol/methods.ts';
import type { Host } from '../host.ts';

/** Asks again until every text has been read; `told` gets each answer, and ends the asking by giving false. @throws what the call throws */
export async function readBehaviours(
  host: Host,
  params: Params<'metrics/behaviours'>,
  told: (answer: Result<'metrics/behaviours'>) => boolean,
): Promise<void> {
  for (;;) {
    const answer = await host.call('metrics/behaviours', params, { timeout: 120_000 });
    if (!told(answer) || answer.waiting === 0) return;
  }
}
