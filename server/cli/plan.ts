/** `longhand plan`: what would run, resolved; nothing is started. */
import type { EngineConfig, EngineConfigs, Plan } from '../../core/protocol/recipes.ts';
import type { Command } from './command.ts';
import { withBackend } from './connect.ts';
import { duration } from './output.ts';
import { diagnosticLines, parseSet, recipeSource } from './recipe-source.ts';

export const plan: Command = {
  name: 'plan',
  usage: 'RECIPE|PRESET [--set k=v]… [--resolved]',
  summary: "what would run; --resolved constructs each trainer's configuration; nothing is started",
  options: { set: { type: 'string', multiple: true }, resolved: { type: 'boolean' } },
  arguments: [1, 1],
  async run(context) {
    const { root, python, engine, output } = context;
    const source = await recipeSource(context.positionals[0]!);
    const set = parseSet(context.texts('set'));
    const answer = await withBackend({ root, python, folder: engine }, (backend) =>
      backend.call('recipes/plan', { source, set, resolved: context.flag('resolved') }, { timeout: 200_000 }),
    );
    for (const line of diagnosticLines(answer.diagnostics, source)) output.error(line);
    const lines = answer.plan ? planLines(answer.plan) : [];
    output.result(answer, answer.engine ? [...lines, ...engineLines(answer.engine)] : lines);
    return answer.plan && answer.diagnostics.every(({ severity }) => severity !== 'error') ? 0 : 1;
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

/** Each trainer's configuration: what the recipe sets or the engine changes; with --json every argument. */
function engineLines({ versions, stages }: EngineConfigs): string[] {
  const by = Object.entries(versions).map(([name, version]) => `${name} ${version ?? 'missing'}`);
  const head = stages.length > 0 ? ['', `Constructed with ${by.join(', ')}:`] : [];
  return [...head, ...stages.flatMap(configLines)];
}

function configLines(config: EngineConfig): string[] {
  const lines = ['', `${config.stage}  ${config.class}`];
  if (config.problem !== null) lines.push(`  refused ${config.problem}`);
  const values = config.arguments ?? {};
  const named = [...new Set([...config.set, ...config.changed])].toSorted();
  const width = Math.max(0, ...named.map((key) => key.length));
  if (config.arguments) {
    for (const key of named) lines.push(`  ${key.padEnd(width)}  ${JSON.stringify(values[key])}`);
    lines.push(`  and ${Object.keys(values).length - named.length} arguments at TRL's defaults`);
  }
  for (const fact of config.facts) lines.push(`  so      ${fact}`);
  for (const left of config.notChecked) lines.push(`  not checked here: ${left}`);
  return lines;
}
