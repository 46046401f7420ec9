/** An answer of the service for a panel: the last one stays until the next is there. */
import { useEffect, useState } from 'preact/hooks';
import type { Params, Result } from '../../core/protocol/methods.ts';
import type { ForwardedMethod } from '../../core/protocol/webview.ts';
import type { Host } from '../host.ts';

const TIMEOUT = 120_000;

export interface Answer<T> {
  value: T | null;
  error: unknown;
  asking: boolean;
  retry: () => void;
}

/** @param version asked again when it changes; null params: nothing is asked */
export function useAnswer<M extends ForwardedMethod>(
  host: Host,
  method: M,
  params: Params<M> | null,
  version = 0,
): Answer<Result<M>> {
  const [state, setState] = useState<Omit<Answer<Result<M>>, 'retry'>>({ value: null, error: null, asking: true });
  const [tries, setTries] = useState(0);
  const key = JSON.stringify(params);
  useEffect(() => {
    if (params === null) {
      setState({ value: null, error: null, asking: false });
      return undefined;
    }
    const abort = new AbortController();
    setState((was) => ({ ...was, asking: true }));
    host.call(method, params, { timeout: TIMEOUT, signal: abort.signal }).then(
      (value) => !abort.signal.aborted && setState({ value, error: null, asking: false }),
      (error: unknown) => !abort.signal.aborted && setState((was) => ({ ...was, error, asking: false })),
    );
    return () => abort.abort();
  }, [host, method, key, version, tries]);
  return { ...state, retry: () => setTries(tries + 1) };
}
