/** A value that changes, and those who watch it. What the pages' models are made of. */
import { useSyncExternalStore } from 'preact/compat';

export class Store<T extends object> {
  #value: T;
  readonly #listeners = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  /** Changes some keys; the watchers hear of it at once. */
  set(change: Partial<T>): void {
    this.#value = { ...this.#value, ...change };
    for (const listener of [...this.#listeners]) listener(this.#value);
  }

  /** Returns the function that ends the watching. */
  watch(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/** The store's value, or a part of it; the component renders again when that changes. */
export function useStore<T extends object>(store: Store<T>): T;
export function useStore<T extends object, P>(store: Store<T>, part: (value: T) => P): P;
export function useStore<T extends object, P>(store: Store<T>, part?: (value: T) => P): T | P {
  return useSyncExternalStore(
    (listener: () => void) => store.watch(listener),
    () => (part ? part(store.value) : store.value),
  );
}
