/** Compare with Another Attempt…: asks which other attempt at the problem of a trace is to stand beside it. */
import * as vscode from 'vscode';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { TraceDetail, TraceRow } from '../../core/protocol/traces.ts';
import type { View } from '../../core/protocol/webview.ts';
import type { Backends } from '../backends/backends.ts';
import { count } from '../format.ts';
import { textAt } from '../shape.ts';
import type { Panels } from './panels.ts';

interface CompareParts {
  backends: Backends;
  panels: Panels;
}

/** Attempts that are offered; the page itself has a choice as well. */
const OFFERED = 200;

export async function compareTrace({ backends, panels }: CompareParts, argument: unknown): Promise<void> {
  const trace = textAt(argument, 'trace') ?? traceOf(panels.activeView);
  if (trace === undefined)
    throw new LonghandError('not_runnable', 'No trace is open. Open one, then compare it with another attempt.');
  const detail = await backends.call('traces/get', { trace });
  const { run, problem } = detail;
  const [{ rows: group }, { rows, total }] = await Promise.all([
    backends.call('traces/group', { trace }),
    backends.call('traces/page', { filter: { run, problem }, limit: OFFERED }),
  ]);
  const isOther = (row: TraceRow) => row.trace !== trace;
  const siblings = group.filter(isOther);
  const known = new Set(siblings.map((row) => row.trace));
  const others = rows.filter((row) => isOther(row) && !known.has(row.trace));
  if (siblings.length + others.length === 0) {
    void vscode.window.showInformationMessage(`${detail.problemLabel} has only this one attempt in its run.`);
    return;
  }
  type Item = vscode.QuickPickItem & { trace?: string };
  const separator = (label: string): Item => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const left = total - rows.length;
  const items: Item[] = [
    ...(siblings.length > 0 ? [separator('Of the same group'), ...siblings.map(itemOf)] : []),
    ...(others.length > 0 ? [separator('Of the same problem'), ...others.map(itemOf)] : []),
    ...(left > 0 ? [separator(`${count(left)} more: open one from the list of traces`)] : []),
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title: `Compare ${nameOf(detail)} with Another Attempt`,
    placeHolder: 'Which attempt stands beside it?',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (picked?.trace === undefined) return;
  await panels.open({ page: 'sides', title: detail.problemLabel, left: trace, right: picked.trace });
}

function traceOf(view: View | null): string | undefined {
  if (view?.page === 'inspector') return view.trace;
  return view?.page === 'sides' ? view.left : undefined;
}

const verdicts: Record<string, string> = { right: '$(check) right', wrong: '$(close) wrong' };

function itemOf(row: TraceRow): vscode.QuickPickItem & { trace: string } {
  const ended = row.live
    ? '$(sync) writing'
    : (verdicts[row.verdict ?? ''] ?? (row.verdict === null ? 'not graded' : row.verdict));
  return {
    label: nameOf(row),
    description: `${ended}${row.answer === null ? '' : ` ${row.answer.slice(0, 60)}`}`,
    detail: row.tokens === null ? '' : `${row.tokensExact ? '' : '~'}${count(row.tokens)} tokens`,
    trace: row.trace,
  };
}

function nameOf({ stage, step, sample }: TraceRow | TraceDetail): string {
  return `${stage}${step === null ? '' : ` · ${count(step)}`} · sample ${sample + 1}`;
}
