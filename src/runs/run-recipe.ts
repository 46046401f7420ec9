/** Run Recipe…: choose, see the plan, change variables, start. */
import * as vscode from 'vscode';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { EngineConfigs, Plan, RecipeDiagnostic } from '../../core/protocol/recipes.ts';
import type { Backends } from '../backends/backends.ts';
import type { Documents } from '../documents.ts';
import { ActionableError } from '../errors.ts';
import { oneLine } from '../format.ts';
import { chooseRecipe, type ChosenRecipe } from '../recipes/files.ts';
import { requireTrust } from '../trust.ts';
import { planMarkdown, planSummary, stageSummary } from './plan-text.ts';
import type { RunStore } from './store.ts';

export interface RunRecipeParts {
  backends: Backends;
  store: RunStore;
  documents: Documents;
  /** Called with the run that was started. */
  started: (run: string) => Promise<void>;
}

/** `argument`: the recipe's file or a preset's name; otherwise it is asked for. */
export async function runRecipe(parts: RunRecipeParts, argument: unknown): Promise<void> {
  requireTrust('running a recipe');
  await parts.backends.need();
  const recipe = await chooseRecipe(parts.backends, argument, 'Run Recipe');
  if (!recipe) return;
  const set: Record<string, unknown> = {};
  for (;;) {
    const { plan } = await makePlan(parts.backends, recipe, set);
    const choice = await choose(recipe, plan);
    if (!choice) return;
    if (choice.kind === 'start') return start(parts, recipe, set);
    if (choice.kind === 'document') return showPlan(parts, recipe, set);
    await askVariable(plan, choice.name, set);
  }
}

export async function planRecipe(
  parts: Pick<RunRecipeParts, 'backends' | 'documents'>,
  argument: unknown,
): Promise<void> {
  await parts.backends.need();
  const recipe = await chooseRecipe(parts.backends, argument, 'Plan Recipe');
  if (recipe) await showPlan(parts, recipe, {});
}

/** With the configuration of every trainer, constructed by TRL's own classes; without an engine it says why they are missing. */
async function showPlan(
  { backends, documents }: Pick<RunRecipeParts, 'backends' | 'documents'>,
  recipe: ChosenRecipe,
  set: Record<string, unknown>,
): Promise<void> {
  const { plan, engine } = await makePlan(backends, recipe, set, true).catch(async (error: unknown) => {
    if (!LonghandError.is(error) || error.code === 'cancelled' || error.code === 'invalid_recipe') throw error;
    return { ...(await makePlan(backends, recipe, set)), engine: error.message };
  });
  await documents.report(`Plan of ${plan.name}.md`, planMarkdown(plan, engine ?? null));
}

/** With `resolved` TRL is imported, which takes seconds, and what it refuses is an error of the recipe. */
async function makePlan(
  backends: Backends,
  recipe: ChosenRecipe,
  set: Record<string, unknown>,
  resolved = false,
): Promise<{ plan: Plan; engine?: EngineConfigs }> {
  const location = resolved ? vscode.ProgressLocation.Notification : vscode.ProgressLocation.Window;
  const title = resolved
    ? `Longhand: constructing the configurations of ${recipe.label}`
    : `Longhand: planning ${recipe.label}`;
  const { plan, diagnostics, engine } = await vscode.window.withProgress(
    { location, title, cancellable: resolved },
    (_, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      const params = { source: recipe.source, set, ...(resolved && { resolved }) };
      return backends.call('recipes/plan', params, { signal: controller.signal, timeout: 200_000 });
    },
  );
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (plan && errors.length === 0) return { plan, ...(engine && { engine }) };
  throw refusal(recipe, errors);
}

function refusal(recipe: ChosenRecipe, errors: RecipeDiagnostic[]): Error {
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const text = `${recipe.label} cannot run: ${first?.message ?? 'it has errors'}${more}`;
  const { uri } = recipe;
  if (!uri) return new LonghandError('invalid_recipe', text);
  return new ActionableError(text, 'Show', async () => {
    const editor = await vscode.window.showTextDocument(uri);
    const { start, end } = first?.range ?? { start: 0, end: 0 };
    const range = new vscode.Range(editor.document.positionAt(start), editor.document.positionAt(end));
    editor.selection = new vscode.Selection(range.start, range.end);
    editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  });
}

type Choice = { kind: 'start' } | { kind: 'document' } | { kind: 'set'; name: string };

/** The plan as a list: its first entry starts it, so that Enter is enough. */
async function choose(recipe: ChosenRecipe, plan: Plan): Promise<Choice | null> {
  type Item = vscode.QuickPickItem & { choice?: Choice };
  const separator = (label: string): Item => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const vars = Object.entries(plan.vars);
  const items: Item[] = [
    { label: '$(play) Start', description: planSummary(plan), choice: { kind: 'start' } },
    { label: '$(open-preview) Show the plan as a document', choice: { kind: 'document' } },
    ...(vars.length > 0 ? [separator('Variables')] : []),
    ...vars.map(([name, value]): Item => ({
      label: `$(edit) ${name}`,
      description: String(value),
      choice: { kind: 'set', name },
    })),
    separator('Stages'),
    ...plan.stages.map((stage, at): Item => ({
      label: `${at + 1}. ${stage.id}`,
      description: `${stage.kind} · ${stageSummary(stage)}`,
      detail: oneLine(
        [...stage.reads.map((what) => `← ${what}`), ...stage.writes.map((what) => `→ ${what}`), ...stage.notes].join(
          '   ',
        ),
        200,
      ),
      choice: { kind: 'document' },
    })),
    ...(plan.notes.length > 0 ? [separator('Notes')] : []),
    ...plan.notes.map((note): Item => ({ label: '$(info)', description: note, choice: { kind: 'document' } })),
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title: `Plan of ${recipe.label}`,
    placeHolder: 'Enter starts it',
    ignoreFocusOut: true,
  });
  return picked?.choice ?? null;
}

async function askVariable(plan: Plan, name: string, set: Record<string, unknown>): Promise<void> {
  const now = plan.vars[name];
  const text = await vscode.window.showInputBox({
    title: `Value of ${name}`,
    value: String(now),
    ignoreFocusOut: true,
    validateInput: (input) =>
      typeof now === 'number' && !Number.isFinite(Number(input || NaN)) ? 'A number is needed.' : null,
  });
  if (text === undefined) return;
  set[name] = typeof now === 'number' ? Number(text) : typeof now === 'boolean' ? text.trim() === 'true' : text;
}

async function start(
  { backends, store, started }: RunRecipeParts,
  recipe: ChosenRecipe,
  set: Record<string, unknown>,
): Promise<void> {
  const run = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Longhand: starting ${recipe.label}`, cancellable: true },
    async (_, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      const { run: id } = await backends.call(
        'runs/start',
        { source: recipe.source, set },
        { signal: controller.signal, timeout: 120_000 },
      );
      // A cancellation that came too late for the request is a wish to stop.
      if (token.isCancellationRequested) {
        await backends.call('runs/stop', { run: id });
        throw new LonghandError('cancelled', 'The start was cancelled.');
      }
      return id;
    },
  );
  await store.refresh(run);
  await started(run);
}
