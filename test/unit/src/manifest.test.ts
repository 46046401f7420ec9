import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { errorCodes } from '../../../core/protocol/errors.ts';
import {
  buttonTitles,
  commandIds,
  contextKeys,
  ids,
  isCommandId,
  settingDefaults,
} from '../../../src/contributions.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const manifest = JSON.parse(read('package.json'));
const nls: Record<string, string> = JSON.parse(read('package.nls.json'));
const { contributes } = manifest;

/** Every string of a value, however deep. */
function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(strings);
}

describe('the manifest', () => {
  it('declares exactly the commands of the code, each with title, category and help in the palette', () => {
    const declared = contributes.commands.map(({ command }: { command: string }) => command);
    assert.deepEqual(declared.toSorted(), [...commandIds].toSorted());
    for (const { title, category, icon } of contributes.commands) {
      assert.match(title, /^%command\./);
      assert.equal(category, 'Longhand');
      assert.match(icon, /^\$\([a-z-]+\)$/);
    }
  });

  it('has a handler for every command', () => {
    const table = ['src/command-table.ts', 'src/inspector/page-commands.ts', 'src/inspector/page-keys.ts']
      .map(read)
      .join();
    for (const id of commandIds) assert.ok(table.includes(`'${id}':`), id);
  });

  it('declares exactly the settings of the code, with the same defaults', () => {
    const declared: Record<string, { default: unknown; type: string; scope: string }> = Object.assign(
      {},
      ...contributes.configuration.map(({ properties }: { properties: object }) => properties),
    );
    const wanted: [string, unknown][] = Object.entries(settingDefaults).map(([id, value]) => [`longhand.${id}`, value]);
    assert.deepEqual(
      Object.entries(declared)
        .map(([id, { default: value }]) => [id, value])
        .toSorted(byName),
      wanted.toSorted(byName),
    );
    const types = new Map(wanted.map(([id, value]) => [id, typeof value]));
    for (const [id, { type, scope }] of Object.entries(declared)) {
      assert.equal(type, types.get(id));
      assert.ok(['machine', 'machine-overridable', 'window'].includes(scope), `${id}: ${scope}`);
    }
  });

  it('lets no workspace name a program, a folder or an address', () => {
    const restricted: string[] = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
    for (const id of ['longhand.root', 'longhand.backend.url', 'longhand.backend.node', 'longhand.engine.python']) {
      assert.ok(restricted.includes(id), id);
    }
    assert.equal(manifest.capabilities.untrustedWorkspaces.supported, 'limited');
  });

  it('has a text for every %key% and no text that is not used', () => {
    const used = new Set(strings(manifest).flatMap((text) => /^%(.+)%$/.exec(text)?.[1] ?? []));
    assert.deepEqual([...used].toSorted(), Object.keys(nls).toSorted());
  });

  it('names only commands and context keys that exist', () => {
    const known = new Set<string>(commandIds);
    const menus: Record<string, { command: string }[]> = contributes.menus;
    const keybindings: { command: string }[] = contributes.keybindings;
    for (const { command } of [...Object.values(menus).flat(), ...keybindings]) assert.ok(known.has(command), command);
    for (const text of [...Object.values(nls), ...strings(contributes.walkthroughs)]) {
      for (const [, command = ''] of text.matchAll(/command:([\w.]+)/gi))
        assert.ok(known.has(command), `${command} in “${text}”`);
    }
    const keys = new Set<string>([...contextKeys, ids.runsView, ids.traceEditor]);
    const clauses = conditions(contributes);
    assert.ok(clauses.length > 40);
    for (const clause of clauses) {
      for (const [key] of clause.matchAll(/longhand\.[\w.]+/g)) assert.ok(keys.has(key), `${key} in “${clause}”`);
    }
  });

  it('uses the ids of the code for view, editor, language, panel and walkthrough', () => {
    assert.equal(`${manifest.publisher}.${manifest.name}`, ids.extension);
    assert.equal(contributes.views[ids.container][0].id, ids.runsView);
    assert.equal(contributes.viewsContainers.activitybar[0].id, ids.container);
    assert.equal(contributes.customEditors[0].viewType, ids.traceEditor);
    assert.equal(contributes.customEditors[0].priority, 'option');
    assert.equal(contributes.languages[0].id, ids.language);
    assert.equal(contributes.walkthroughs[0].id, ids.walkthrough);
    assert.ok(manifest.activationEvents.includes('onStartupFinished'));
    assert.ok(manifest.activationEvents.includes(`onWebviewPanel:${ids.panel}`));
    assert.deepEqual(manifest.extensionKind, ['workspace']);
    assert.equal(manifest.enabledApiProposals, undefined);
  });

  it('refers only to files that are there', () => {
    const files = strings(contributes).filter((text) => /^(\.\/)?media\//.test(text));
    assert.ok(files.length > 8);
    for (const file of [...files, manifest.icon]) assert.ok(existsSync(join(root, file)), file);
    const png = readFileSync(join(root, manifest.icon));
    assert.ok(png.readUInt32BE(16) >= 128 && png.readUInt32BE(20) >= 128, 'the icon has at least 128 × 128 pixels');
  });

  it('has a button for every action of the error registry', () => {
    const actions = Object.values(errorCodes).flatMap((entry) => ('action' in entry ? [entry.action] : []));
    assert.ok(actions.length > 5);
    for (const action of actions) assert.ok(isCommandId(action) && buttonTitles[action], action);
  });
});

const byName = ([a]: unknown[], [b]: unknown[]) => (String(a) < String(b) ? -1 : 1);

/** Every `when` and `enablement` of a value, however deep. */
function conditions(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    (key === 'when' || key === 'enablement') && typeof inner === 'string' ? [inner] : conditions(inner),
  );
}
