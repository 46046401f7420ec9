/** Keys of a page and those that the editor passes on: what they ask for is done by the newest drawing of the page. */
import { useEffect, useRef } from 'preact/hooks';
import type { HostNotifications } from '../../core/protocol/webview.ts';
import type { Host } from '../host.ts';
import { take } from './keys.ts';

interface PageKeys<Action> {
  /** What a key press asks for; null: nothing, the key is left to others. */
  actionOf: (event: KeyboardEvent) => Action | null;
  hostActionOf: (key: HostNotifications['host/key']) => Action | null;
  act: (action: Action) => void;
}

/** Keys that somebody has taken already, or that belong to an open dialog, are not heard. */
export function usePageKeys<Action>(host: Host, keys: PageKeys<Action>): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
      const action = latest.current.actionOf(event);
      if (action === null) return;
      // The editor would pass a key of both back, and it would be done twice.
      take(event);
      latest.current.act(action);
    };
    document.addEventListener('keydown', onKey);
    const stop = host.on('host/key', (key) => {
      const action = latest.current.hostActionOf(key);
      if (action !== null) latest.current.act(action);
    });
    return () => {
      document.removeEventListener('keydown', onKey);
      stop();
    };
  }, [host]);
}
