import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { moveKeys, type PageKey } from '../../../../core/protocol/webview.ts';
import { pageCommands } from '../../../../src/inspector/page-keys.ts';
import { editKeyLines } from '../../../../webview/inspector/edit-keys.ts';
import { hostActionOf, hostActions } from '../../../../webview/inspector/host-keys.ts';
import { actionOf, keyLines } from '../../../../webview/inspector/keys.ts';
import { sidesActionOf, sidesHostActionOf, sidesKeyLines } from '../../../../webview/sides/keys.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const nls: Record<string, string> = JSON.parse(readFileSync(join(root, 'package.nls.json'), 'utf8'));

/** Actions without a command of their own, and why. */
const exceptions: Record<string, string> = {
  compare: 'longhand.compareTrace, which asks which attempt, does it without a key of the page',
};

const pressed: readonly PageKey[] = Object.values(pageCommands);
const key = (name: string) => ({ key: name, ctrlKey: false, metaKey: false, altKey: false, typing: false });
/** Keys in a table that others handle: VS Code's own bindings, a field, a list. */
const elsewhere = /^(?:Alt|Ctrl|Shift)\+|^F\d|^Enter$/;

describe('keys and commands', () => {
  it('have a command for every action of the inspector, spans of one label by the command that asks for it', () => {
    const wanted = keyLines.flatMap(({ actions }) => actions).filter(({ do: name }) => !(name in exceptions));
    assert.ok(wanted.length > 40);
    const done = pressed.map((one) => (hostActions as Record<string, unknown>)[one]).filter(Boolean);
    for (const action of wanted) {
      const plain = action.do === 'span' ? { ...action, label: null } : action;
      assert.ok(
        done.some((one) => JSON.stringify(one) === JSON.stringify(plain)),
        `${JSON.stringify(action)} has no command: add one to pageCommands, or an exception with its reason`,
      );
    }
  });

  it('have a command for every action of editing labels', () => {
    const done = [
      ...[...pressed, ...moveKeys].map((action) => hostActionOf({ action })),
      hostActionOf({ action: 'giveLabel', label: 'backtracking' }),
    ].flatMap((found) => (found?.do === 'editing' ? JSON.stringify(found.what) : []));
    for (const action of editKeyLines.flatMap(({ actions }) => actions)) {
      // Escape goes back; to end is to edit labels no more, which is one command for both.
      if (action.do === 'back' || action.do === 'leave') continue;
      // Any label is given by the command that asks which; to go to one of a label, the command that goes to any does.
      const plain =
        action.do === 'label'
          ? { ...action, label: 'backtracking' }
          : action.do === 'own'
            ? { ...action, label: null }
            : action;
      assert.ok(done.includes(JSON.stringify(plain)), JSON.stringify(action));
    }
    assert.equal(hostActionOf({ action: 'giveLabel', label: 'marker' }), null);
  });

  it('have a command for every action of two attempts side by side', () => {
    const done = pressed.map((one) => JSON.stringify(sidesHostActionOf({ action: one })));
    for (const action of sidesKeyLines.flatMap(({ actions }) => actions)) {
      const plain = action.do === 'span' ? { ...action, label: null } : action;
      assert.ok(done.includes(JSON.stringify(plain)), JSON.stringify(action));
    }
  });

  it('give each command a key that some page acts on, and each its pages', () => {
    const commands: { command: string; enablement?: string }[] = manifest.contributes.commands;
    for (const id of Object.keys(pageCommands)) {
      const { enablement } = commands.find(({ command }) => command === id)!;
      assert.match(enablement!, /^longhand\.page\b/, id);
    }
    const ofReport = ['nextRow', 'previousRow'];
    for (const one of pressed) assert.ok(ofReport.includes(one) || sidesHostActionOf({ action: one }), one);
  });

  it('begin with a verb in the palette', () => {
    const verbs =
      /^(?:Ask|Audit|Begin|Compare|Connect|Copy|Delete|Edit|Explain|Export|Extend|Find|Focus|Forget|Give|Go|Import|Judge|Mark|Move|New|Open|Plan|Query|Re-score|Redo|Refresh|Remove|Rename|Restart|Resume|Reveal|Run|Select|Set|Settle|Show|Start|Stop|Swap|Take|Toggle|Underline|Undo|Fold|Unfold)\b/;
    for (const { command } of manifest.contributes.commands) {
      const title = nls[`command.${command.slice('longhand.'.length)}`]!;
      assert.match(title, verbs, command);
    }
  });

  it('list no key that does nothing, and none twice', () => {
    const seen = new Set<string>();
    for (const { keys, actions } of keyLines) {
      for (const [i, one] of keys.entries()) {
        if (elsewhere.test(one)) continue;
        assert.deepEqual(actionOf(key(one)), actions[i], one);
        assert.ok(!seen.has(one), `${one} is listed twice`);
        seen.add(one);
      }
    }
    for (const { keys, actions } of sidesKeyLines)
      for (const [i, one] of keys.entries())
        if (!elsewhere.test(one)) assert.deepEqual(sidesActionOf(key(one)), actions[i], one);
    const edited = editKeyLines.flatMap(({ keys }) => keys);
    assert.equal(new Set(edited).size, edited.length);
  });
});
