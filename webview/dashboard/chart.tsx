/**
 * One line chart by uPlot: thin lines, direct labels, bands for intervals, ticks where an epoch ends. Its colours are the
 * theme's and are read again when that changes. Values are read by mouse, by arrow keys, and from a table.
 */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { TableButton } from '../charts/as-table.tsx';
import { patterned, type ChartLine } from '../charts/model.ts';
import { SaveMenu } from '../charts/save-menu.tsx';
import { short } from '../ui/format.ts';
import { isCommand } from '../ui/keys.ts';
import { say } from '../ui/say.ts';
import { onThemeChange } from '../ui/theme.ts';
import { dataOf, HEIGHT, labelOf, optionsOf } from './chart-draw.ts';

export interface ChartProps {
  title: string;
  /** In the title, once. */
  unit?: string;
  x: number[];
  lines: ChartLine[];
  /** What x counts. */
  xName: string;
  /** Names of the x values where they are places in an order and not numbers. */
  names?: string[];
  /** Where the x axis has its ticks; default: round numbers. */
  splits?: number[];
  /** Vertical lines: where an epoch or a stage ends. */
  marks?: { x: number; text: string }[];
  format?: (value: number) => string;
  /** Fixed ends of the y axis. */
  range?: [number, number];
  /** What an x value is called; default: the number. */
  xText?: (x: number) => string;
  /** Below the chart when it is saved: what the intervals are, how many there are of what. */
  notes?: string[];
  /** Opens what is behind a value; of several lines the one that is nearest to the pointer, or was chosen with the arrow keys. */
  onPick?: (index: number, line: number) => void;
}

export function Chart(props: ChartProps) {
  const { title, unit, x, xName, names, xText = short, format = short, onPick } = props;
  const lines = useMemo(() => patterned(props.lines), [props.lines]);
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const [asTable, setAsTable] = useState(false);
  const [chosen, setChosen] = useState<number | null>(null);
  const latest = useRef(props);
  latest.current = { ...props, lines };
  const shape = JSON.stringify([
    lines.map(({ name, color, label, low }) => [name, color, label, low !== undefined]),
    names,
    props.marks,
    asTable,
  ]);

  // uPlot is made again when what is drawn changes its shape or the theme changes; new values alone are set.
  useLayoutEffect(() => {
    if (asTable) return undefined;
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(
        optionsOf(latest, box.current!.clientWidth, setAt),
        dataOf(latest.current),
        box.current!,
      );
    };
    make();
    const observer = new ResizeObserver(([entry]) => {
      const width = Math.round(entry!.contentRect.width);
      if (plot.current && width > 0 && width !== plot.current.width) plot.current.setSize({ width, height: HEIGHT });
    });
    observer.observe(box.current!);
    const stop = onThemeChange(make);
    return () => {
      observer.disconnect();
      stop();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(dataOf({ ...props, lines })), [x, lines]);

  const nameOf = (index: number) => names?.[index] ?? `${xName} ${xText(x[index] ?? 0)}`;
  const read = (index: number, only = chosen) => {
    const there = lines.filter(({ values }, i) => values[index] != null && (only === null || only === i));
    const labelled = there.filter((line) => !line.aside && (lines.length < 4 || labelOf(line, lines) !== ''));
    return (labelled.length > 0 ? labelled : there)
      .map(({ name, values, low, high }) => {
        const interval =
          low?.[index] != null && high?.[index] != null ? ` [${format(low[index])}–${format(high[index])}]` : '';
        return `${lines.length > 1 && (there.length > 1 || only !== null) ? `${name} ` : ''}${format(values[index]!)}${interval}`;
      })
      .join(' · ');
  };
  const last = x.length - 1;
  const shown = at ?? last;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || isCommand(event)) return;
    const to = { ArrowRight: shown + 1, ArrowLeft: shown - 1, Home: 0, End: last }[event.key];
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const there = [...lines.keys()].filter((i) => lines[i]!.values[shown] != null);
    if (event.key === 'Enter' && onPick && there.length > 0)
      onPick(shown, chosen !== null && there.includes(chosen) ? chosen : there[0]!);
    else if (by !== undefined && lines.length > 1 && there.length > 0) {
      const now = there.indexOf(chosen ?? -1);
      const next = there[(now + by + there.length + (now < 0 && by < 0 ? 1 : 0)) % there.length]!;
      setChosen(next);
      say('value', `${nameOf(shown)}: ${read(shown, next)}`);
    } else if (to !== undefined) {
      const index = Math.max(0, Math.min(last, to));
      setAt(index);
      say('value', `${nameOf(index)}: ${read(index)}`);
      const u = plot.current;
      if (u) u.setCursor({ left: u.valToPos(x[index] ?? 0, 'x'), top: u.bbox.height / devicePixelRatio / 2 });
    } else return;
    event.preventDefault();
  };
  // The line nearest to the pointer, among those that have a value there.
  const pickAt = (event: MouseEvent) => {
    const u = plot.current;
    if (!onPick || at === null || !u) return;
    const y = event.clientY - u.over.getBoundingClientRect().top;
    const there = [...lines.keys()].filter((i) => lines[i]!.values[at] != null);
    const away = (i: number) => Math.abs(u.valToPos(lines[i]!.values[at]!, 'y') - y);
    const nearest = there.toSorted((a, b) => away(a) - away(b))[0];
    if (nearest !== undefined) onPick(at, nearest);
  };
  return (
    <figure
      class="chart"
      aria-label={`${title}${unit ? `, ${unit}` : ''}. Arrow keys read values${onPick && lines.length > 1 ? ', up and down choose a line' : ''}${onPick ? ', Enter opens the traces' : ''}.`}
      // What it comes to, for who reads on; the value of a key is said as it is gone to.
      aria-description={
        last > 0 ? `From ${nameOf(0)}: ${read(0, null)}, to ${nameOf(last)}: ${read(last, null)}` : undefined
      }
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <figcaption>
        <span class="chart-title">{title}</span>
        {unit && <span class="muted"> {unit}</span>}
        <span class="chart-value num" title={x.length > 0 ? read(shown) : ''}>
          {x.length > 0 ? (
            <>
              <span class="muted">{nameOf(shown)}</span> {read(shown)}
            </>
          ) : (
            <span class="muted">nothing yet</span>
          )}
        </span>
        <TableButton title={title} on={asTable} onChange={setAsTable} />
        <SaveMenu
          title={title}
          model={() => {
            const { notes, marks, range, splits } = latest.current;
            return {
              ...{ kind: 'lines', title, x, xName, lines, format, xText },
              ...(unit !== undefined && { unit }),
              ...(names && { names }),
              ...(notes && { notes }),
              ...(marks && { marks }),
              ...(range && { range }),
              ...(splits && { splits }),
            };
          }}
        />
      </figcaption>
      {asTable ? (
        <div class="chart-table" tabIndex={0} role="region" aria-label={`${title}, values`}>
          <table>
            <thead>
              <tr>
                <th scope="col">{xName}</th>
                {lines.map(({ name }) => (
                  <th key={name} scope="col" class="num">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {x.map((value, i) => (
                <tr key={value}>
                  <th scope="row">{names?.[i] ?? xText(value)}</th>
                  {lines.map(({ name, values, low, high }) => (
                    <td key={name} class="num">
                      {values[i] === null || values[i] === undefined ? '–' : format(values[i])}
                      {low?.[i] != null && high?.[i] != null ? ` [${format(low[i])}–${format(high[i])}]` : ''}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <div ref={box} class={`chart-box${onPick ? ' pickable' : ''}`} aria-hidden="true" onClick={pickAt} />
      )}
    </figure>
  );
}
