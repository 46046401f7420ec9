/** The button of a chart that saves it: as a drawing, a picture or a table, in colours for paper or in those of the theme. */
import { createContext } from 'preact';
import { useContext, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { SavedFile } from '../../core/protocol/webview.ts';
import type { Host } from '../host.ts';
import { Icon } from '../ui/icon.tsx';
import { isCommand, keepFromPage, take } from '../ui/keys.ts';
import { useSaid } from '../ui/say.ts';
import { csvOf } from './csv.ts';
import { drawChart, sizeOf } from './draw.ts';
import type { ChartModel } from './model.ts';
import { paper, themePalette, type Palette } from './palette.ts';
import { CanvasPen, SvgPen } from './pen.ts';

/** The host of the page, for what stands deep in it; null: nothing can be saved. */
export const SavingHost = createContext<Host | null>(null);

/** Pixels of a picture for one of the drawing. */
const SCALE = 2;
const kinds = ['svg', 'png', 'csv'] as const;
const kindNames = { svg: 'Drawing, SVG', png: 'Picture, PNG', csv: 'Data, CSV' };

interface SaveMenuProps {
  /** Of the chart. */
  title: string;
  /** Asked for when it is saved: what has to be fetched first is fetched then. */
  model: () => ChartModel | Promise<ChartModel>;
}

type Said = { text: string; failed: boolean } | null;

export function SaveMenu({ title, model }: SaveMenuProps) {
  const host = useContext(SavingHost);
  const [open, setOpen] = useState(false);
  const [forPaper, setForPaper] = useState(true);
  const [said, setSaid] = useState<Said>(null);
  const root = useRef<HTMLSpanElement>(null);
  // Before the next key: it is meant for the menu.
  useLayoutEffect(() => {
    if (open) root.current!.querySelector<HTMLElement>('[role^=menuitem]')?.focus();
  }, [open]);
  useEffect(() => {
    if (!open) return undefined;
    const onDown = (event: PointerEvent) => {
      if (!root.current!.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', onDown);
    return () => document.removeEventListener('pointerdown', onDown);
  }, [open]);
  useSaid('saved', said?.text ?? '', said);
  if (!host) return null;

  const save = async (kind: SavedFile['kind']) => {
    setOpen(false);
    root.current!.querySelector('button')?.focus();
    try {
      const file = fileOf(await model(), kind, forPaper ? paper : themePalette());
      const { saved } = await host.ask('host/saveFile', file);
      setSaid(saved ? { text: `Saved ${file.name}`, failed: false } : null);
    } catch (error) {
      setSaid({ text: `Not saved: ${error instanceof Error ? error.message : String(error)}`, failed: true });
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // The keys of the chart that it stands in are not meant.
    keepFromPage(event);
    if (!open || isCommand(event)) return;
    const items = [...root.current!.querySelectorAll<HTMLElement>('[role^=menuitem]')];
    const now = items.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) items.at(to % items.length)?.focus();
    else if (event.key === 'Escape' || event.key === 'Tab') {
      setOpen(false);
      if (event.key === 'Escape') root.current!.querySelector('button')?.focus();
      else return;
    } else return;
    take(event);
  };
  return (
    <span class="save" ref={root} onKeyDown={onKeyDown}>
      <button
        class="tool"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={`Save ${title}`}
        title={said?.text ?? 'Save as SVG, PNG or CSV'}
        onClick={() => setOpen(!open)}
      >
        <Icon name={said?.failed ? 'warning' : 'save'} />
      </button>
      {open && (
        <div class="save-menu" role="menu" aria-label={`Save ${title}`}>
          {kinds.map((kind) => (
            <button key={kind} role="menuitem" tabIndex={-1} onClick={() => void save(kind)}>
              {kindNames[kind]}
            </button>
          ))}
          <button role="menuitemcheckbox" aria-checked={forPaper} tabIndex={-1} onClick={() => setForPaper(!forPaper)}>
            <Icon name={forPaper ? 'check' : 'blank'} /> On white, for paper
          </button>
        </div>
      )}
    </span>
  );
}

function fileOf(model: ChartModel, kind: SavedFile['kind'], palette: Palette): SavedFile {
  const plain = model.title.replaceAll(/[^\p{L}\p{N}]+/gu, '-').replaceAll(/^-|-$/g, '');
  const name = `${plain.toLowerCase().slice(0, 80) || 'chart'}.${kind}`;
  if (kind === 'csv') return { name, kind, content: csvOf(model) };
  return { name, kind, content: kind === 'svg' ? svgOf(model, palette) : pngOf(model, palette) };
}

export function svgOf(model: ChartModel, palette: Palette): string {
  const { width, height } = sizeOf(model);
  const pen = new SvgPen(width, height, model.unit ? `${model.title}, ${model.unit}` : model.title);
  drawChart(model, pen, palette);
  return pen.done(palette.background);
}

/** Base64. */
function pngOf(model: ChartModel, palette: Palette): string {
  const { width, height } = sizeOf(model);
  const canvas = document.createElement('canvas');
  canvas.width = width * SCALE;
  canvas.height = height * SCALE;
  const context = canvas.getContext('2d')!;
  context.scale(SCALE, SCALE);
  context.fillStyle = palette.background;
  context.fillRect(0, 0, width, height);
  drawChart(model, new CanvasPen(context), palette);
  return canvas.toDataURL('image/png').slice('data:image/png;base64,'.length);
}
