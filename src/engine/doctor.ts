/** Doctor: what is there, what is missing, and how to get it, as a readable report. */
import * as os from 'node:os';
import * as vscode from 'vscode';
import type { Check } from '../../core/protocol/methods.ts';
import type { Backends } from '../backends/backends.ts';
import { isNewEnough, OLDEST_NODE } from '../backends/launch.ts';
import { runCommand } from '../commands.ts';
import { buttonTitles, isCommandId } from '../contributions.ts';
import type { Documents } from '../documents.ts';
import { escape } from '../runs/plan-text.ts';
import { readSetting } from '../settings.ts';
import { engineFolders } from './engine.ts';

const marks: Record<Check['status'], string> = { ok: '✓', warning: '!', missing: '✗' };

export async function doctor(
  context: vscode.ExtensionContext,
  backends: Backends,
  documents: Documents,
): Promise<void> {
  const checks = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Longhand: looking at what is there' },
    async () => {
      const mine = await editorChecks(context, backends);
      // Without a backend its part is left out, and the report says so.
      const theirs =
        backends.state === 'connected' ? (await backends.call('service/doctor', {}, { timeout: 120_000 })).checks : [];
      return { mine, theirs };
    },
  );
  const all = [...checks.mine, ...checks.theirs];
  await documents.report('Longhand Doctor.md', report(checks.mine, checks.theirs));
  const missing = all.filter(({ status }) => status !== 'ok');
  const [fix] = missing.flatMap(({ title, action }) => {
    const button = action && isCommandId(action) ? buttonTitles[action] : undefined;
    return action && isCommandId(action) && button ? [{ title, action, button }] : [];
  });
  if (!fix) return;
  const count = missing.length === 1 ? 'one thing needs' : `${missing.length} things need`;
  const text = `Doctor: ${count} attention. First: ${fix.title}.`;
  if ((await vscode.window.showWarningMessage(text, fix.button)) === fix.button) await runCommand(fix.action);
}

async function editorChecks(context: vscode.ExtensionContext, backends: Backends): Promise<Check[]> {
  const node = process.versions.node;
  const named = readSetting('backend.node').trim();
  const local = backends.active.url === null;
  const { state, error, hello } = backends;
  const checks: Check[] = [
    {
      id: 'backend',
      title: 'Backend',
      status: state === 'connected' ? 'ok' : 'missing',
      found: hello
        ? `${backends.active.name}: ${hello.host}, version ${hello.version}, root ${hello.root}`
        : `${backends.active.name}: ${state}${error ? `, ${error.message}` : ''}`,
      help:
        state === 'connected'
          ? null
          : local
            ? '“Longhand: Start Backend” starts it.'
            : '“Longhand: Connect to Backend…” connects to another one.',
      action: state === 'connected' ? null : local ? 'longhand.startBackend' : 'longhand.connectBackend',
    },
  ];
  if (!local) return checks;
  checks.push({
    id: 'node',
    title: 'Node for the backend',
    status: named || isNewEnough(node) ? 'ok' : 'missing',
    found: named || `the editor's own, ${node}`,
    help:
      named || isNewEnough(node)
        ? null
        : `Node ${OLDEST_NODE.join('.')} or newer is needed: update the editor, or name one in longhand.backend.node.`,
    action: null,
  });
  // With a backend its own look at the engine follows below.
  if (state !== 'connected') checks.push(await engineCheck(context));
  return checks;
}

async function engineCheck(context: vscode.ExtensionContext): Promise<Check> {
  const { checkEngine, engineState } = await import('../../scripts/engine-setup.mjs');
  const folders = engineFolders(context);
  const named = readSetting('engine.python').trim();
  const base = { id: 'engine', title: 'Python engine' };
  if (named) {
    const { ok, version, problems } = await checkEngine({ python: named, home: folders.home });
    return {
      ...base,
      status: ok ? 'ok' : 'missing',
      found: `${named}${version ? `, Python ${version}` : ''}`,
      help: ok ? null : problems.join('; '),
      action: ok ? null : 'longhand.setupEngine',
    };
  }
  const { state, python } = await engineState(folders);
  const words = {
    absent: 'none yet',
    incomplete: 'half installed',
    outdated: 'of an earlier version of the extension',
    complete: python,
  };
  return {
    ...base,
    status: state === 'complete' ? 'ok' : state === 'outdated' ? 'warning' : 'missing',
    found: words[state],
    help:
      state === 'complete'
        ? null
        : '“Longhand: Set Up Engine” makes it (Python 3.11 or newer is needed). Reading traces needs no engine.',
    action: state === 'complete' ? null : 'longhand.setupEngine',
  };
}

function report(mine: Check[], theirs: Check[]): string {
  const lines = [
    '# Longhand Doctor',
    '',
    `${new Date().toLocaleString()}, ${escape(os.hostname())}.`,
    ...section('This editor', mine),
  ];
  if (theirs.length > 0) lines.push(...section('The backend and its machine', theirs));
  else lines.push('', '## The backend and its machine', '', 'Not looked at: there is no backend.');
  return `${lines.join('\n')}\n`;
}

function section(title: string, checks: Check[]): string[] {
  const helps = checks.some(({ help }) => help);
  const row = (cells: string[]) => `| ${(helps ? cells : cells.slice(0, 3)).join(' | ')} |`;
  return [
    '',
    `## ${title}`,
    '',
    row(['', 'what', 'found', 'what to do']),
    row(['---', '---', '---', '---']),
    ...checks.map(({ status, title: what, found, help }) =>
      row([marks[status], cell(what), cell(found), cell(help ?? '')]),
    ),
  ];
}

function cell(text: string): string {
  return escape(text).replace(/\s*\n\s*/g, '<br>');
}
