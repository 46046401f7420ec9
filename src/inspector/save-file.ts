/** Saves what a page gives (a chart, its data), where the reader says. */
import * as vscode from 'vscode';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { SavedFile } from '../../core/protocol/webview.ts';
import { textAt } from '../shape.ts';

const kinds: Record<SavedFile['kind'], string> = { svg: 'SVG drawing', png: 'PNG picture', csv: 'CSV table' };
/** Longest content that a page may give, in UTF-16 units. */
const LIMIT = 128 * 1024 * 1024;

/** The folder that the last one was saved in, while this window lives. */
let lastFolder: vscode.Uri | undefined;

/** @returns whether it was saved. @throws `invalid_params`; what the file system says where it cannot be written */
export async function saveFile(params: unknown): Promise<boolean> {
  const { name, kind, content } = checked(params);
  const folder = lastFolder ?? vscode.workspace.workspaceFolders?.[0]?.uri;
  const target = await vscode.window.showSaveDialog({
    ...(folder && { defaultUri: vscode.Uri.joinPath(folder, name) }),
    filters: { [kinds[kind]]: [kind] },
    title: `Save ${name}`,
  });
  if (!target) return false;
  const bytes = kind === 'png' ? Buffer.from(content, 'base64') : Buffer.from(content, 'utf8');
  await vscode.workspace.fs.writeFile(target, bytes);
  lastFolder = vscode.Uri.joinPath(target, '..');
  void vscode.window.setStatusBarMessage(`Saved ${vscode.workspace.asRelativePath(target)}`, 5000);
  return true;
}

/** What came is not trusted to be what its type says: a name is a name and no path. */
function checked(params: unknown): SavedFile {
  const [name, kind, content] = [textAt(params, 'name'), textAt(params, 'kind'), textAt(params, 'content')];
  if (kind !== 'svg' && kind !== 'png' && kind !== 'csv')
    throw new LonghandError('invalid_params', 'A page may save SVG, PNG and CSV.');
  if (content === undefined || content.length > LIMIT)
    throw new LonghandError('invalid_params', 'There is nothing to save, or far too much.');
  const plain = (name ?? '').replace(/[\\/:*?"<>|\p{Cc}]/gu, '').replace(/^\.+/, '');
  return { name: plain.slice(0, 120) || `chart.${kind}`, kind, content };
}
