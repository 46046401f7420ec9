/** The only reader of settings. */
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { settingDefaults, type SettingId, type SettingValue } from './contributions.ts';

export function readSetting<S extends SettingId>(id: S): SettingValue<S> {
  const value: unknown = vscode.workspace.getConfiguration('longhand').get(id);
  const fallback: unknown = settingDefaults[id];
  return (typeof value === typeof fallback ? value : fallback) as SettingValue<S>;
}

export function onDidChangeSetting(id: SettingId, listener: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`longhand.${id}`)) listener();
  });
}

/** The root folder of the backend on this machine: the setting, or one for the user. */
export function rootFolder(): string {
  const set = readSetting('root').trim();
  if (!set) return path.join(os.homedir(), '.longhand');
  return path.resolve(set.replace(/^~(?=$|[\\/])/, os.homedir()));
}
