/** What the reader chose in a panel: kept over a reload of the page, until another series is shown. */
import { createContext } from 'preact';
import { useContext, useState } from 'preact/hooks';
import type { Page } from '../inspector/page.ts';

type Kept = string | number | boolean | null;

/** The page that keeps it, and the series that it is of. */
export const Keeping = createContext<{ page: Page; series: string } | null>(null);

/** As `useState`. What was kept and is not `possible` any more is forgotten. */
export function useKept<T extends Kept>(
  name: string,
  initial: T,
  possible: (value: Kept) => value is T,
): [T, (value: T) => void] {
  const keeping = useContext(Keeping);
  const [value, setValue] = useState<T>(() => {
    const saved = keeping?.page.host.saved()?.panels;
    const known = saved?.series === keeping?.series ? saved?.chosen[name] : undefined;
    return known !== undefined && possible(known) ? known : initial;
  });
  const set = (next: T) => {
    setValue(next);
    if (!keeping) return;
    const { page, series } = keeping;
    const saved = page.host.saved()?.panels;
    page.keep({ panels: { series, chosen: { ...(saved?.series === series && saved.chosen), [name]: next } } });
  };
  return [value, set];
}

export const isText = (value: Kept): value is string => typeof value === 'string';
export const isFlag = (value: Kept): value is boolean => typeof value === 'boolean';
export const isFlagOrNull = (value: Kept): value is boolean | null => value === null || isFlag(value);
export const isTextOrNull = (value: Kept): value is string | null => value === null || isText(value);
export const isNumberOrNull = (value: Kept): value is number | null => value === null || Number.isFinite(value);
