/** What a drawing on a canvas depends on beside its data: the size of its box, and the theme. */
import type { RefObject } from 'preact';
import { useLayoutEffect, useMemo, useState } from 'preact/hooks';
import { cssColor, onThemeChange } from './theme.ts';

interface CanvasBox {
  /** Whole pixels; 0 until it is laid out. */
  width: number;
  height: number;
  /** The value of a CSS variable in the theme of now; another function after the theme has changed. */
  css: (name: string) => string;
}

export function useCanvasBox(box: RefObject<HTMLElement | null>): CanvasBox {
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [theme, setTheme] = useState(0);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      setSize({ width: Math.round(width), height: Math.round(height) });
    });
    observer.observe(box.current!);
    const stop = onThemeChange(() => setTheme((n) => n + 1));
    return () => {
      observer.disconnect();
      stop();
    };
  }, []);
  const css = useMemo(() => {
    const known = new Map<string, string>();
    return (name: string) => known.get(name) ?? (known.set(name, cssColor(name)), known.get(name)!);
  }, [theme]);
  return { ...size, css };
}
