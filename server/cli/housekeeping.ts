/** `longhand reindex` and `longhand verify`. */
import type { HousekeepingProgress } from '../../core/protocol/methods.ts';
import type { Command } from './command.ts';
import { duration, type Output } from './output.ts';
import { withService } from './runs.ts';

export const reindex: Command = {
  name: 'reindex',
  usage: '',
  summary: 'makes the index again from the files',
  arguments: [0, 0],
  run: (context) =>
    withService(context, async (backend) => {
      const found = await backend.call('store/reindex', {}, { onProgress: reporter(context.output), timeout: 0 });
      const { attempts, events, traces, seconds } = found;
      context.output.result(found, [
        `${attempts} attempts, ${events} events, ${traces} traces in ${duration(seconds)}.`,
      ]);
      return 0;
    }),
};

export const verify: Command = {
  name: 'verify',
  usage: '',
  summary: 'checks every file against itself and the index; changes nothing',
  arguments: [0, 0],
  run: (context) =>
    withService(context, async (backend) => {
      const found = await backend.call('store/verify', {}, { onProgress: reporter(context.output), timeout: 0 });
      const lines = found.faults.map(({ file, line, kind, message }) => {
        return `${file}${line === null ? '' : `:${line}`}: ${kind}: ${message}`;
      });
      if (found.faultCount > lines.length) lines.push(`… and ${found.faultCount - lines.length} more.`);
      const read = `${found.attempts} attempts, ${found.events} events, ${found.traces} traces, ${found.bytes} bytes`;
      lines.push(`${read}: ${found.faultCount === 0 ? 'all whole' : `${found.faultCount} faults`}.`);
      context.output.result(found, lines);
      if (found.faultCount === 0) return 0;
      context.output.error(`${found.faultCount} faults.`);
      return 1;
    }),
};

function reporter(output: Output): (progress: HousekeepingProgress) => void {
  let said = Date.now();
  return ({ done, total, unit, current }) => {
    if (Date.now() - said < 1000) return;
    said = Date.now();
    output.line(`${done} of ${total} ${unit}: ${current}`);
  };
}
