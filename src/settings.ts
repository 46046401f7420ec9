/** The only reader of settings. */
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { settingDefaults, type SettingId, type SettingValue } from './contributions.ts';

export function readSetting<S extends SettingId>(id: S): SettingValue<S> {
  const fallback: SettingValue<S> = defaults[id];
  const value = vscode.workspace.getConfiguration('longhand').get<SettingValue<S>>(id);
  // A settings file is written by hand: what has another type than the manifest says does not count.
  return typeof value === typeof fallback && value !== undefined ? value : fallback;
}

/** Into the settings of the user, not of a workspace. */
export async function writeSetting<S extends SettingId>(id: S, value: SettingValue<S>): Promise<void> {
  await vscode.workspace.getConfiguration('longhand').update(id, value, vscode.ConfigurationTarget.Global);
}

const defaults: { [S in SettingId]: SettingValue<S> } = settingDefaults;

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

/** Who says it, for labels and verdicts: nothing where the backend is to say it by its own user. */
export function readerName(): { by?: string } {
  const by = readSetting('reader.name').trim().slice(0, 100);
  return by === '' ? {} : { by };
}
