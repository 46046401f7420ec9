/** `longhand serve`: the backend in the foreground. */
import { readDiscovery } from '../discovery.ts';
import { startService } from '../service.ts';
import { UsageError, type Command } from './command.ts';

export const serve: Command = {
  name: 'serve',
  usage: '[--host 127.0.0.1] [--port 0] [--idle-minutes 30]',
  summary: 'the backend; prints its address, writes its discovery file',
  options: {
    host: { type: 'string' },
    port: { type: 'string' },
    'idle-minutes': { type: 'string' },
    'log-level': { type: 'string' },
  },
  arguments: [0, 0],
  async run(context) {
    const { root, python, engine, output } = context;
    const idle = Number(context.text('idle-minutes') ?? '30');
    if (!(idle >= 0)) throw new UsageError('--idle-minutes takes a number; 0 means never.');
    const level = context.text('log-level') ?? 'info';
    if (!['trace', 'debug', 'info', 'warn', 'error', 'fatal'].includes(level)) {
      throw new UsageError('--log-level takes trace, debug, info, warn, error or fatal.');
    }
    const service = await startService({
      root,
      python,
      folder: engine,
      host: context.text('host') ?? '127.0.0.1',
      port: context.whole('port', 0, 65_535) ?? 0,
      idleMinutes: idle,
      logLevel: level,
    });
    const stop = new Promise<null>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(null));
    });
    // A terminal that closes takes its children along; the backend is not one of them.
    process.on('SIGHUP', () => undefined);
    const discovery = await readDiscovery(root);
    output.result({ url: service.url, pid: process.pid, root, version: discovery?.version }, [
      `Longhand backend at ${service.url}`,
      `root   ${root}`,
      `token  in ${root}/token`,
    ]);
    const failure = await Promise.race([stop, service.ended]);
    await service.close();
    if (failure) output.error(failure.message);
    return failure ? 1 : 0;
  },
};
