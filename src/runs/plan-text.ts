/** A plan in words. Pure. */
import type { EngineConfig, EngineConfigs, Plan, PlannedStage } from '../../core/protocol/recipes.ts';
import { duration, plural } from '../format.ts';

/** `about 4 min`, `at least 4 min` where some stages have no measurement, or null where none has. */
export function expectedTime(stages: readonly PlannedStage[]): string | null {
  const known = stages.flatMap(({ expectedSeconds }) => expectedSeconds ?? []);
  if (known.length === 0) return null;
  const total = known.reduce((sum, seconds) => sum + seconds, 0);
  return `${known.length === stages.length ? 'about' : 'at least'} ${duration(total)}`;
}

export function planSummary(plan: Plan): string {
  const devices = [...new Set(plan.stages.map(({ device }) => device))].join(', ');
  const time = expectedTime(plan.stages) ?? 'time not known yet (nothing alike has run on this machine)';
  return `${plural(plan.stages.length, 'stage')} · ${devices} · ${time}`;
}

/** One line on what a stage needs and makes. */
export function stageSummary(stage: PlannedStage): string {
  const parts = [stage.engine, stage.device];
  if (stage.expectedSeconds !== null) parts.push(`about ${duration(stage.expectedSeconds)}`);
  return parts.join(' · ');
}

/**
 * The plan as a Markdown document. Values of the recipe stand in code spans, so that they stay text. `engine`: the configurations
 * that TRL's classes gave, or why there are none.
 */
export function planMarkdown(plan: Plan, engine: EngineConfigs | string | null = null): string {
  const lines = [`# Plan of ${code(plan.name)}`, '', `${planSummary(plan)}.`, ''];
  for (const note of plan.notes) lines.push(`- ${escape(note)}`);
  if (typeof engine === 'string') lines.push(`- The configurations were not constructed: ${escape(engine)}`);
  const vars = Object.entries(plan.vars);
  if (vars.length > 0) {
    lines.push('', '## Variables', '', '| name | value |', '|---|---|');
    for (const [name, value] of vars) lines.push(`| ${code(name)} | ${code(JSON.stringify(value))} |`);
  }
  plan.stages.forEach((stage, at) => {
    lines.push('', `## ${at + 1}. ${escape(stage.id)} (${stage.kind})`, '');
    if (stage.of) lines.push(`Added by the planner for ${code(stage.of)}.`, '');
    lines.push(`- Engine: ${escape(stage.engine)}, device: ${escape(stage.device)}`);
    lines.push(
      `- Expected time: ${stage.expectedSeconds === null ? 'not known; nothing alike has run on this machine' : duration(stage.expectedSeconds)}`,
    );
    if (stage.needs.length > 0) lines.push(`- Needs: ${stage.needs.map(code).join(', ')}`);
    if (stage.reads.length > 0) lines.push(`- Reads: ${stage.reads.map(code).join(', ')}`);
    if (stage.writes.length > 0) lines.push(`- Writes: ${stage.writes.map(code).join(', ')}`);
    for (const note of stage.notes) lines.push(`- ${escape(note)}`);
    if (Object.keys(stage.config).length > 0) {
      const json = JSON.stringify(stage.config, null, 2);
      const fence = '`'.repeat(Math.max(3, ...[...json.matchAll(/`+/g)].map(([run]) => run.length + 1)));
      lines.push('', `${fence}json`, json, fence);
    }
    const config = engine && typeof engine !== 'string' ? engine.stages.find((one) => one.stage === stage.id) : null;
    if (config && engine && typeof engine !== 'string') lines.push(...configMarkdown(config, engine.versions));
  });
  return `${lines.join('\n')}\n`;
}

/** What the recipe sets and what differs from TRL's defaults; what follows from it, and what could not be checked here. */
function configMarkdown(config: EngineConfig, versions: EngineConfigs['versions']): string[] {
  const by = Object.entries(versions).map(([name, version]) => `${name} ${version ?? 'missing'}`);
  const lines = ['', `### ${code(config.class)}, constructed by ${escape(by.join(', '))}`, ''];
  if (config.problem !== null) lines.push(`- Refused: ${escape(config.problem)}`);
  for (const fact of config.facts) lines.push(`- ${escape(fact)}`);
  for (const left of config.notChecked) lines.push(`- Not checked here: ${escape(left)}`);
  const values = config.arguments;
  if (!values) return lines;
  const named = [...new Set([...config.set, ...config.changed])].toSorted();
  lines.push('', '| argument | value |', '|---|---|');
  for (const key of named) lines.push(`| ${code(key)} | ${code(JSON.stringify(values[key]) ?? 'null')} |`);
  return [...lines, '', `And ${plural(Object.keys(values).length - named.length, 'argument')} at TRL's defaults.`];
}

function code(text: string): string {
  const fence = '`'.repeat(1 + Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)));
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ')}${pad}${fence}`;
}

/** Keeps Markdown's own characters from meaning anything. */
export function escape(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!|<>~]/g, '\\$&');
}
