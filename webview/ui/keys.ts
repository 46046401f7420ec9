/** True where a key press is text: in a field, or in a control that takes keys itself. */
export function isField(target: EventTarget | undefined): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.tagName.startsWith('VSCODE-')
  );
}

/** What of a key press decides what it does. */
export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  /** Into a field. */
  typing: boolean;
}

export function pressOf(event: KeyboardEvent): KeyPress {
  const { key, ctrlKey, metaKey, altKey } = event;
  return { key, ctrlKey, metaKey, altKey, typing: isField(event.composedPath()[0]) };
}

type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>;

/** True for a key press with Ctrl, Meta or Alt: such keys are commands, of the editor above all. */
export const isCommand = ({ ctrlKey, metaKey, altKey }: Pressed): boolean => ctrlKey || metaKey || altKey;

/**
 * Keeps a key press in a field or a menu from the keys of the page around it. Commands and function keys go on: the editor hears what
 * reaches the window, and must not be without its keys wherever the focus is.
 */
export function keepFromPage(event: KeyboardEvent): void {
  if (!isCommand(event) && !/^F\d/.test(event.key)) event.stopPropagation();
}

/** Takes a key press: nobody else does anything on it, neither the browser nor the editor. */
export function take(event: KeyboardEvent): void {
  event.preventDefault();
  event.stopPropagation();
}

/** The row of a list of `count` rows to which a key goes from `index`, by pages of `page` rows; null: the key goes nowhere. */
export function rowAfter(key: string, index: number, page: number, count: number): number | null {
  const to = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    PageDown: index + page,
    PageUp: index - page,
    Home: 0,
    End: count - 1,
  }[key];
  return to === undefined ? null : Math.max(0, Math.min(count - 1, to));
}
