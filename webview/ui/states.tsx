/** The designed states of every page: nothing yet, coming, out of date, failed. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { errorCodes, LonghandError } from '../../core/protocol/errors.ts';
import type { WebviewInit } from '../../core/protocol/webview.ts';
import type { Host } from '../host.ts';
import { Button } from './controls.ts';
import { Icon } from './icon.tsx';
import { say } from './say.ts';

interface EmptyProps {
  icon: string;
  title: string;
  /** It stands for a whole page: its title is the page's. */
  page?: boolean;
  children?: ComponentChildren;
}

/** Nothing to show: why, and what to do next. */
export function Empty({ icon, title, page, children }: EmptyProps) {
  const Title = page ? 'h1' : 'h2';
  return (
    <div class="state">
      <Icon name={icon} />
      <Title>{title}</Title>
      {children}
    </div>
  );
}

/** Milliseconds after which it is said that something is still being read. */
const SLOW = 3000;

/** Grey lines where text will be, after 150 ms: what comes sooner never flickers. */
export function Skeleton({ lines, label }: { lines: number; label: string }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 150);
    say('reading', label, SLOW);
    return () => {
      clearTimeout(timer);
      say('reading', '');
    };
  }, []);
  if (!shown) return null;
  return (
    <div class="skeleton" role="progressbar" aria-label={label}>
      {Array.from({ length: lines }, (_, i) => (
        <div key={i} class={`skeleton-line skeleton-${i % 4}`} />
      ))}
    </div>
  );
}

interface FailureProps {
  what: string;
  error: unknown;
  /** It stands for a whole page: its title is the page's. */
  page?: boolean;
  onRetry: () => void;
}

/** What failed, why, and one button. */
export function Failure({ what, error, page, onRetry }: FailureProps) {
  const Title = page ? 'h1' : 'h2';
  const help = LonghandError.is(error) ? errorCodes[error.code].help : '';
  const why = error instanceof Error ? error.message : String(error);
  return (
    <div class="state" role="alert">
      <Icon name="error" />
      <Title>{what}</Title>
      <p class="state-why">{why}</p>
      {help && help !== why && <p>{help}</p>}
      <Button onClick={onRetry}>Try again</Button>
    </div>
  );
}

/** Says that what is shown may be out of date because the backend is gone; what is shown stays. */
export function BackendBanner({ backend, host }: { backend: WebviewInit['backend']; host: Host }) {
  const coming = backend.state === 'starting' || backend.state === 'connecting';
  const refused = backend.state === 'refused';
  const connect = refused || !backend.local;
  const text =
    backend.message ??
    (coming
      ? `Connecting to ${backend.name}…`
      : refused
        ? `${backend.name} refused the connection.`
        : backend.local
          ? 'No backend. What is shown may be out of date.'
          : `${backend.name} is gone. What is shown may be out of date.`);
  const connected = backend.state === 'connected';
  const was = useRef(connected);
  useEffect(() => {
    // A connection that comes back at once is not worth a word.
    if (!connected) say('backend', text, 1000);
    else if (!was.current) say('backend', `Connected to ${backend.name}.`, 1000);
    was.current = connected;
  }, [connected, text]);
  if (connected) return null;
  return (
    <section class="banner" aria-label="Backend">
      <Icon name={coming ? 'sync' : 'warning'} />
      <span class="banner-text">{text}</span>
      {!coming && (
        <Button
          onClick={() =>
            void host.ask('host/command', {
              command: connect ? 'longhand.connectBackend' : 'longhand.startBackend',
            })
          }
        >
          {connect ? 'Connect…' : 'Start backend'}
        </Button>
      )}
    </section>
  );
}
