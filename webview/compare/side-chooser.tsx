/** Chooses what stands before and after, among the sets of the runs of both sides, and lets them change places. */
import { useEffect, useState } from 'preact/hooks';
import { sideOf, type TraceSet } from '../../core/protocol/comparison.ts';
import type { CompareSide, View } from '../../core/protocol/webview.ts';
import type { Page } from '../inspector/page.ts';
import { Dropdown } from '../ui/controls.ts';
import { Icon } from '../ui/icon.tsx';

type CompareView = Extract<View, { page: 'compare' }>;

/** A set that a side may be, by a key. */
interface Choice {
  key: string;
  text: string;
  side: CompareSide;
}

export function SideChooser({ page, view }: { page: Page; view: CompareView }) {
  const { host } = page;
  const [choices, setChoices] = useState<Choice[]>([]);
  const runs = [...new Set([view.before.run, view.after.run])];
  useEffect(() => {
    let current = true;
    void Promise.all(
      runs.map((run) =>
        host.call('traces/sets', { run, markers: true }).then(
          ({ sets }) => sets,
          () => [],
        ),
      ),
    ).then((found) => {
      if (current) setChoices(found.flat().map((set) => choiceOf(set, runs.length > 1)));
    });
    return () => {
      current = false;
    };
  }, [JSON.stringify(runs)]);
  const go = (before: CompareSide, after: CompareSide) => {
    const nameOf = (side: CompareSide) => find(choices, side)?.text ?? side.stage;
    page.change<CompareView>({ title: `${nameOf(before)} → ${nameOf(after)}`, before, after });
  };
  const dropdown = (name: 'before' | 'after') => {
    const own = find(choices, view[name]);
    // A side that is wider than any set (a whole stage) stands for itself.
    const options = own ? choices : [{ key: '', text: view[name].stage, side: view[name] }, ...choices];
    return (
      <Dropdown
        label={name === 'before' ? 'Before' : 'After'}
        value={own?.key ?? ''}
        options={options.map(({ key, text }) => ({ value: key, text }))}
        onChange={(key) => {
          const chosen = options.find((choice) => choice.key === key)?.side;
          if (chosen) go(name === 'before' ? chosen : view.before, name === 'after' ? chosen : view.after);
        }}
      />
    );
  };
  return (
    <div class="side-chooser" role="group" aria-label="Sides">
      {choices.length > 1 && dropdown('before')}
      <button
        class="tool"
        aria-label="Swap before and after"
        title="Swap before and after"
        onClick={() => go(view.after, view.before)}
      >
        <Icon name="arrow-swap" />
      </button>
      {choices.length > 1 && dropdown('after')}
    </div>
  );
}

function choiceOf(set: TraceSet, withRun: boolean): Choice {
  const side = sideOf(set);
  const { run, label } = set;
  return { key: keyOf(side), text: withRun ? `${run} · ${label}` : label, side };
}

/** The narrowest set that is the side: one that says less of itself than the set (no marker, no benchmark) is still that set. */
function find(choices: readonly Choice[], side: CompareSide): Choice | undefined {
  const same = choices.filter(
    ({ side: one }) =>
      one.run === side.run &&
      one.stage === side.stage &&
      one.step === side.step &&
      (side.marker === undefined || one.marker === side.marker) &&
      (side.of === undefined || one.of === side.of) &&
      (side.set === undefined || one.set === side.set),
  );
  return same.length === 1 ? same[0] : same.find(({ key }) => key === keyOf(side));
}

const keyOf = ({ run, stage, step, marker, of, set }: CompareSide): string =>
  JSON.stringify([run, stage, step, marker ?? null, of ?? null, set ?? null]);
