/** Which column is what: asked in one flow, remembered for files with the same columns. */
import { createHash } from 'node:crypto';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { ImportInspection, ImportMapping } from '../../core/protocol/imports.ts';
import { oneLine, plural } from '../format.ts';

/** Files with the same format and the same columns share a mapping. */
export function columnSignature({ format, columns }: Pick<ImportInspection, 'format' | 'columns'>): string {
  const names = columns.map(({ name }) => name).toSorted();
  return createHash('sha256')
    .update(JSON.stringify([format, names]))
    .digest('hex')
    .slice(0, 32);
}

/** True when the columns that a mapping names are there. */
export function fits(mapping: ImportMapping, columns: readonly { name: string }[]): boolean {
  const names = new Set(columns.map(({ name }) => name));
  return Object.values(mapping).every(
    (name) => name === undefined || names.has(name) || names.has(name.split('.')[0] ?? ''),
  );
}

interface Step {
  key: keyof ImportMapping;
  question: string;
  optional: boolean;
}

const steps: Step[] = [
  {
    key: 'completion',
    question: 'Which column has the completion (the reasoning that the model wrote)?',
    optional: false,
  },
  { key: 'prompt', question: 'Which column has the problem or prompt?', optional: true },
  { key: 'gold', question: 'Which column has the right answer?', optional: true },
  { key: 'id', question: 'Which column has the id of the problem?', optional: true },
];

/** Asks column by column; Back goes one question back. Resolves to undefined when it is left. */
export async function askMapping(inspection: ImportInspection): Promise<ImportMapping | undefined> {
  if (inspection.columns.length === 0) return undefined;
  const chosen: Partial<ImportMapping> = { ...inspection.mapping };
  let number = 0;
  for (let step = steps[number]; step; step = steps[number]) {
    const answer = await askColumn(inspection, step, number, chosen[step.key]);
    if (!answer) return undefined;
    if ('back' in answer) {
      number = Math.max(0, number - 1);
      continue;
    }
    if (answer.column === null) delete chosen[step.key];
    else chosen[step.key] = answer.column;
    number += 1;
  }
  return chosen.completion ? { ...chosen, completion: chosen.completion } : undefined;
}

/** A column (null: the file has none), a step back, or undefined: the dialog was left. */
type Answer = { column: string | null } | { back: true } | undefined;

async function askColumn(
  inspection: ImportInspection,
  step: Step,
  number: number,
  suggested: string | undefined,
): Promise<Answer> {
  type Item = vscode.QuickPickItem & { column: string | null };
  const pick = vscode.window.createQuickPick<Item>();
  const items: Item[] = inspection.columns.map(({ name, type, example }) => ({
    label: name,
    description: type + (name === suggested ? ' · suggested' : ''),
    detail: oneLine(example, 140),
    column: name,
  }));
  if (step.optional) items.push({ label: 'None', description: 'the file does not have it', column: null });
  pick.title = `${path.basename(inspection.path)} (${inspection.format}${inspection.rows === null ? '' : `, ${plural(inspection.rows, 'row')}`})`;
  pick.step = number + 1;
  pick.totalSteps = steps.length;
  pick.placeholder = step.question;
  pick.ignoreFocusOut = true;
  pick.matchOnDetail = true;
  pick.items = items;
  const [likely] = items.filter(({ column }) => column === (suggested ?? (step.optional ? null : longest(inspection))));
  if (likely) pick.activeItems = [likely];
  if (number > 0) pick.buttons = [vscode.QuickInputButtons.Back];
  try {
    return await new Promise<Answer>((resolve) => {
      pick.onDidTriggerButton(() => resolve({ back: true }));
      pick.onDidAccept(() => {
        const [selected] = pick.selectedItems;
        if (selected) resolve(selected);
      });
      pick.onDidHide(() => resolve(undefined));
      pick.show();
    });
  } finally {
    pick.dispose();
  }
}

/** The column whose example is longest: most likely what the model wrote. */
function longest({ columns }: ImportInspection): string | undefined {
  return columns.toSorted((a, b) => b.example.length - a.example.length)[0]?.name;
}
