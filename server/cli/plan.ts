/** `longhand plan`: what would run, resolved; nothing is started. */
import type { Plan } from '../../core/protocol/methods.ts';
import type { Command } from './command.ts';
import { withBackend } from './connect.ts';
import { duration } from './output.ts';
import { diagnosticLines, parseSet, recipeSource } from './recipe-source.ts';

export const plan: Command = {
  name: 'plan',
  usage: 'RECIPE|PRESET [--set k=v]…',
  summary: 'what would run, resolved; nothing is started',
  options: { set: { type: 'string', multiple: true } },
  arguments: [1, 1],
  async run(context) {
    const { root, python, engine, output } = context;
    const source = await recipeSource(context.positionals[0]!);
    const set = parseSet(context.texts('set'));
    const answer = await withBackend({ root, python, folder: engine }, (backend) =>
      backend.call('recipes/plan', { source, set }),
    );
    for (const line of diagnosticLines(answer.diagnostics, source)) output.error(line);
    output.result(answer, answer.plan ? planLines(answer.plan) : []);
    return answer.plan ? 0 : 1;
  },
};

function planLines(plan: Plan): string[] {
  const vars = Object.entries(plan.vars).map(([name, value]) => `${name}=${String(value)}`);
  const lines = [`${plan.name}${vars.length > 0 ? ` (${vars.join(', ')})` : ''}`];
  for (const stage of plan.stages) {
    const time = stage.expectedSeconds === null ? 'time unknown' : `about ${duration(stage.expectedSeconds)}`;
    const after = stage.of
      ? `beside ${stage.of}`
      : stage.needs.length > 0
        ? `after ${stage.needs.join(', ')}`
        : 'first';
    lines.push('', `${stage.id}  ${stage.kind} by ${stage.engine} on ${stage.device}, ${after}, ${time}`);
    for (const read of stage.reads) lines.push(`  reads   ${read}`);
    for (const written of stage.writes) lines.push(`  writes  ${written}`);
    for (const note of stage.notes) lines.push(`  note    ${note}`);
  }
  for (const note of plan.notes) lines.push('', note);
  return lines;
}
