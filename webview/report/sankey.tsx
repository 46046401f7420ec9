/** Flows between classes, drawn as SVG. Each flow is a button of its own for keys and for screen readers. */
import { useMemo } from 'preact/hooks';
import { count } from '../ui/format.ts';
import { Frame, type BlockOf, type OnRows } from './block.tsx';
import { flowsModel } from './models.ts';
import { share } from './numbers.ts';
import { layout, NODE_WIDTH, type Flow } from './sankey-layout.ts';
import { useWidth } from './use-width.ts';

interface SankeyProps {
  block: BlockOf<'sankey'>;
  colors: ReadonlyMap<string, string>;
  onRows: OnRows;
}

const TOP = 8;
/** Width of a letter and of the room beside a name; pixels. */
const LETTER = 6.4;
const GAP = 14;
const LONGEST = 24;

export function Sankey({ block, colors, onRows }: SankeyProps) {
  const [box, width] = useWidth(420);
  const names = new Set(block.flows.flatMap(({ from, to }) => [from, to]));
  const height = Math.max(120, Math.min(360, 34 * names.size));
  const { nodes, flows, begin } = useMemo(() => {
    const [before, behind] = sides(block.flows);
    return { ...layout(block.flows, Math.max(80, width - before - behind), height), begin: before };
  }, [block.flows, width, height]);
  const total = nodes.filter(({ column }) => column === 0).reduce((sum, { n }) => sum + n, 0);
  const last = Math.max(0, ...nodes.map(({ column }) => column));
  const left = block.flows.length - flows.length;
  return (
    <Frame block={block} model={() => flowsModel(block, colors)}>
      <div ref={box} class="sankey">
        <svg width={width} height={height + 2 * TOP} role="group" aria-label={`${block.title}: flows`}>
          <g transform={`translate(${begin} ${TOP})`}>
            {flows.map(({ flow, x0, y0, x1, y1, width: thick }) => {
              const words = `${flow.from} to ${flow.to}: ${count(flow.n)}, ${share(flow.n, total)} of all`;
              const { rows } = flow;
              const label = `${flow.from} → ${flow.to}`;
              const show = rows && (() => onRows(rows, label));
              return (
                <path
                  key={label}
                  class={`flow${rows ? ' flow-rows' : ''}`}
                  style={{ '--c': `var(${colors.get(flow.to) ?? '--lh-grey'})` }}
                  d={ribbon(x0, y0, x1, y1, thick)}
                  role={rows ? 'button' : 'img'}
                  tabindex={rows ? 0 : undefined}
                  aria-label={rows ? `${words}. Show the rows.` : words}
                  onClick={show}
                  onKeyDown={(event) => {
                    if (!show || (event.key !== 'Enter' && event.key !== ' ')) return;
                    event.preventDefault();
                    show();
                  }}
                >
                  <title>{words}</title>
                </path>
              );
            })}
            {nodes.map(({ name, x, y, height: tall, n, column }) => {
              const atLeft = column === 0;
              return (
                <g key={name} aria-hidden="true">
                  <rect
                    class="flow-node"
                    style={{ '--c': `var(${colors.get(name) ?? '--lh-grey'})` }}
                    x={x}
                    y={y}
                    width={NODE_WIDTH}
                    height={tall}
                  />
                  <text
                    x={atLeft ? x - 6 : x + NODE_WIDTH + 6}
                    y={y + tall / 2 + 4}
                    text-anchor={atLeft ? 'end' : 'start'}
                    class={column > 0 && column < last ? 'over' : ''}
                  >
                    {cut(name)} <tspan class="flow-n">{count(n)}</tspan>
                  </text>
                </g>
              );
            })}
          </g>
        </svg>
      </div>
      {left > 0 && <p class="report-note muted">{count(left)} flows carry nothing or lead back; they are not drawn.</p>}
    </Frame>
  );
}

/** An area as thick as the flow is at both ends: with a stroke a level flow would have no height to be focused or pointed at. */
function ribbon(x0: number, y0: number, x1: number, y1: number, thick: number): string {
  const half = thick / 2;
  const middle = (x0 + x1) / 2;
  const there = `M${x0},${y0 - half}C${middle},${y0 - half} ${middle},${y1 - half} ${x1},${y1 - half}`;
  return `${there}V${y1 + half}C${middle},${y1 + half} ${middle},${y0 + half} ${x0},${y0 + half}Z`;
}

/** Pixels for the names and numbers left of the first column and right of the last. */
function sides(flows: readonly Flow[]): [number, number] {
  const room = (name: (flow: Flow) => string, other: (flow: Flow) => string) => {
    const inner = new Set(flows.map(other));
    const letters = flows
      .filter((flow) => !inner.has(name(flow)))
      .map((flow) => {
        const n = flows.reduce((sum, one) => sum + (name(one) === name(flow) ? one.n : 0), 0);
        return cut(name(flow)).length + count(n).length + 1;
      });
    return Math.max(...letters, 0) * LETTER + GAP;
  };
  return [
    room(
      ({ from }) => from,
      ({ to }) => to,
    ),
    room(
      ({ to }) => to,
      ({ from }) => from,
    ),
  ];
}

function cut(name: string): string {
  return name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name;
}
