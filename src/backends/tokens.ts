import type { SecretStorage } from 'vscode';

/** Tokens of backends that were connected to by address. They are in SecretStorage and nowhere else. */
export class Tokens {
  readonly #secrets: SecretStorage;

  constructor(secrets: SecretStorage) {
    this.#secrets = secrets;
  }

  get(url: string): Thenable<string | undefined> {
    return this.#secrets.get(key(url));
  }

  set(url: string, token: string): Thenable<void> {
    return this.#secrets.store(key(url), token);
  }

  delete(url: string): Thenable<void> {
    return this.#secrets.delete(key(url));
  }
}

const key = (url: string) => `backend:${url}`;
