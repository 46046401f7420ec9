/** The completions of one group: length, answer, verdict, reward parts, total, advantage; a click opens the trace. */
import { advantageDiffers } from '../../core/metrics/advantages.ts';
import type { GroupDetail, GroupMember } from '../../core/protocol/groups.ts';
import { verdictText, verdictWords } from '../inspector/columns.ts';
import { visible } from '../text/visible.ts';
import { toneOf } from '../text/overlay.ts';
import { decimal, plural, signed, tokens } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';

interface GroupTableProps {
  group: GroupDetail;
  onTrace: (trace: string) => void;
  /** Two completions side by side. */
  onSides: (left: string, right: string) => void;
}

/** Most completions that are listed. */
const LIMIT = 128;

const formulas: Record<GroupDetail['scale'], string> = {
  group: 'A = (R − mean) / (deviation + 1e-4)',
  batch: 'A = (R − mean) / (deviation of the step + 1e-4)',
  none: 'A = R − mean',
  recorded: 'A as the worker recomputed it (parts normalised one by one)',
};

export function GroupTable({ group, onTrace, onSides }: GroupTableProps) {
  const { members, rewardMean, rewardDeviation, weights, scale } = group;
  const shown = members.slice(0, LIMIT);
  const parts = [
    ...new Set([...Object.keys(weights), ...members.flatMap(({ rewards }) => Object.keys(rewards))]),
  ].filter((name) => members.some(({ rewards }) => name in rewards));
  const longest = Math.max(1, ...members.map(({ row }) => row.tokens ?? 0));
  const widest = Math.max(0.01, ...members.map(({ advantage }) => Math.abs(advantage ?? 0)));
  const differing = members.filter(differs).length;
  return (
    <>
      <p class="group-figures">
        <span>
          mean reward <strong class="num">{decimal(rewardMean, 3)}</strong>
        </span>
        <span>
          deviation <strong class="num">{decimal(rewardDeviation, 3)}</strong> <span class="muted">(n − 1)</span>
        </span>
        <span class="muted">{formulas[scale]}</span>
        {rewardDeviation === 0 && members.length > 1 && (
          <span class="cut">
            <Icon name="warning" /> all rewards are equal: nothing is learned from this group
          </span>
        )}
        {differing > 0 && (
          <span class="wrong">
            <Icon name="warning" /> {plural(differing, 'advantage differs', 'advantages differ')} from the logged
          </span>
        )}
      </p>
      <div class="group-scroll" tabIndex={0} role="region" aria-label="Completions of the group">
        <table class="group-table">
          <thead>
            <tr>
              <th scope="col">Sample</th>
              <th scope="col">
                <span class="hidden-text">Length</span>
              </th>
              <th scope="col" class="num">
                Tokens
              </th>
              <th scope="col">Verdict</th>
              <th scope="col">Answer</th>
              {parts.map((name) => (
                <th
                  key={name}
                  scope="col"
                  class="num"
                  title={weights[name] === undefined ? name : `Weight ${weights[name]}`}
                >
                  {name.replaceAll('_', ' ')}
                </th>
              ))}
              <th scope="col" class="num">
                Total
              </th>
              <th scope="col">
                <span class="hidden-text">Sign</span>
              </th>
              <th scope="col" class="num" title={formulas[scale]}>
                Advantage
              </th>
              <th scope="col" class="num" title="As the trainer logged it">
                Logged
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((member) => (
              <MemberRow
                key={member.row.trace}
                {...{ member, parts, longest, widest, onTrace, onSides }}
                mate={mateOf(member, members)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {members.length > shown.length && (
        <p class="muted">{plural(members.length - shown.length, 'more completion')} of this group are in its traces.</p>
      )}
    </>
  );
}

interface MemberProps {
  member: GroupMember;
  parts: readonly string[];
  longest: number;
  widest: number;
  onTrace: (trace: string) => void;
  onSides: (left: string, right: string) => void;
  /** The completion that it stands beside when it is compared. */
  mate: GroupMember | null;
}

/** One that ended the other way, where there is one; otherwise any other. */
function mateOf(member: GroupMember, members: readonly GroupMember[]): GroupMember | null {
  const wanted = member.row.verdict === 'right' ? 'wrong' : 'right';
  return members.find(({ row }) => row.verdict === wanted) ?? members.find((one) => one !== member) ?? null;
}

function MemberRow({ member, parts, longest, widest, onTrace, onSides, mate }: MemberProps) {
  const { row, rewards, advantage, advantageLogged } = member;
  const tone = toneOf(row);
  const share = (50 * Math.abs(advantage ?? 0)) / widest;
  const sign = (advantage ?? 0) < 0 ? 'shorter' : 'longer';
  const off = differs(member);
  return (
    <tr onClick={() => onTrace(row.trace)}>
      <th scope="row">
        <button
          class="link"
          title="Open the trace"
          onClick={(event) => {
            event.stopPropagation();
            onTrace(row.trace);
          }}
        >
          {row.sample + 1}
        </button>
        {mate && (
          <button
            class="tool"
            aria-label={`Side by side with sample ${mate.row.sample + 1}`}
            title={`Side by side with sample ${mate.row.sample + 1} (${verdictWords(mate.row)})`}
            onClick={(event) => {
              event.stopPropagation();
              onSides(row.trace, mate.row.trace);
            }}
          >
            <Icon name="split-horizontal" />
          </button>
        )}
      </th>
      <td class="group-bar">
        <span class="bar">
          <span class={`bar-fill tone-${tone}`} style={{ width: `${(100 * (row.tokens ?? 0)) / longest}%` }} />
        </span>
      </td>
      <td class="num">{tokens(row.tokens, row.tokensExact)}</td>
      <td class={tone} title={verdictWords(row)}>
        {verdictText(row)}
        {row.finish === 'length' && row.verdict === 'right' ? ' … cut' : ''}
      </td>
      <td class="group-answer" title={row.answer ?? 'No answer was found'}>
        {row.answer === null ? <span class="muted">–</span> : visible(row.answer)}
      </td>
      {parts.map((name) => (
        <td key={name} class={`num${rewards[name] == null ? ' muted' : ''}`}>
          {rewards[name] === null ? 'n/a' : decimal(rewards[name])}
        </td>
      ))}
      <td class="num">
        <strong>{decimal(row.reward)}</strong>
      </td>
      <td class="group-sign" aria-hidden="true">
        <span class="delta">
          <span
            class={`delta-fill ${sign} ${advantage === null || advantage === 0 ? '' : advantage > 0 ? 'up' : 'down'}`}
            style={{ width: `${share}%` }}
          />
        </span>
      </td>
      <td class={`num ${advantage === null || Math.abs(advantage) < 5e-4 ? '' : advantage > 0 ? 'right' : 'wrong'}`}>
        {signed(advantage, 3)}
      </td>
      <td class={`num ${off ? 'wrong' : 'muted'}`}>
        {off && (
          <span class="differs" title="Differs from the recomputed one">
            ≠<span class="hidden-text"> differs from the recomputed one:</span>
          </span>
        )}{' '}
        {signed(advantageLogged, 3)}
      </td>
    </tr>
  );
}

function differs({ advantage, advantageLogged }: GroupMember): boolean {
  return advantageDiffers(advantage, advantageLogged);
}
