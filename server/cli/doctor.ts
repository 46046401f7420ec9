/** `longhand doctor`: what is there, what is missing, and how to get it. Starts nothing. */
import { examine } from '../doctor.ts';
import { EngineFinder } from '../engine.ts';
import type { Command } from './command.ts';

const signs = { ok: '✓', warning: '!', missing: '✗' } as const;

export const doctor: Command = {
  name: 'doctor',
  usage: '',
  summary: 'what is there, what is missing, and how to get it',
  arguments: [0, 0],
  async run({ root, python, engine, output }) {
    const checks = await examine(root, new EngineFinder({ python, folder: engine }));
    const lines = checks.flatMap(({ status, title, found, help }) => [
      `${signs[status]} ${title}: ${found}`,
      ...(help === null ? [] : [`    ${help}`]),
    ]);
    const missing = checks.filter(({ status }) => status === 'missing');
    output.result({ ok: missing.length === 0, checks }, lines);
    if (missing.length === 0) return 0;
    output.error(`missing: ${missing.map(({ title }) => title).join(', ')}.`);
    return 1;
  },
};
