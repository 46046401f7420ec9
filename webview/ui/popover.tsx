/** A button with a small panel under it, which Escape, a click elsewhere or leaving it with the keys closes. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icon.tsx';
import { keepFromPage } from './keys.ts';

interface PopoverProps {
  icon: string;
  label: string;
  title?: string;
  /** Called when it opens. */
  onOpen?: () => void;
  children: (close: () => void) => ComponentChildren;
}

export function Popover({ icon, label, title, onOpen, children }: PopoverProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  useEffect(() => {
    if (!open) return undefined;
    const elsewhere = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    // What had the focus may be gone: a row that was deleted.
    const escape = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented || root.current?.contains(event.target as Node)) return;
      event.preventDefault();
      close();
    };
    document.addEventListener('pointerdown', elsewhere);
    document.addEventListener('focusin', elsewhere);
    document.addEventListener('keydown', escape, true);
    return () => {
      document.removeEventListener('keydown', escape, true);
      document.removeEventListener('pointerdown', elsewhere);
      document.removeEventListener('focusin', elsewhere);
    };
  }, [open]);
  // Before the next key: it is meant for what has opened.
  useLayoutEffect(() => {
    if (open) root.current?.querySelector<HTMLElement>('[data-first]')?.focus();
  }, [open]);
  return (
    <div
      class="popover-root"
      ref={root}
      onKeyDown={(event) => {
        if (!open) return;
        // The keys of the page are not meant in here.
        keepFromPage(event);
        if (event.key !== 'Escape' || event.defaultPrevented) return;
        event.preventDefault();
        close();
      }}
    >
      <button
        ref={button}
        class="tool"
        aria-label={label}
        title={title ?? label}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => {
          if (!open) onOpen?.();
          setOpen(!open);
        }}
      >
        <Icon name={icon} />
      </button>
      {open && (
        <div class="popover" role="dialog" aria-label={label} id={id}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

/** Moves the focus among the elements of a list that match `selector`, by the arrow keys. */
export function moveFocus(event: KeyboardEvent, selector: string): void {
  const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (by === 0 || event.altKey) return;
  const all = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(selector)];
  const at = all.findIndex((one) => one.contains(document.activeElement));
  event.preventDefault();
  all[Math.max(0, Math.min(all.length - 1, at + by))]?.focus();
}
