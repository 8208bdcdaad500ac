import {
  checkedCredential,
  checkedRemoval,
  type Credential,
  type CredentialStore,
  type NewCredential,
  type RemoveCredentialsOptions,
} from '../credential-store.js';

/** The credentials of a `MemoryUserStore`. Each method does its work before it awaits anything, so it is atomic. */
export class MemoryCredentialStore implements CredentialStore {
  readonly #isUser: (id: string) => boolean;
  readonly #now: () => number;
  /** Oldest first: a Map keeps its keys in the order of insertion. */
  readonly #credentials = new Map<string, Credential>();

  /** @param now milliseconds since 1970 */
  constructor(isUser: (id: string) => boolean, now: () => number) {
    this.#isUser = isUser;
    this.#now = now;
  }

  list(userId: string, kind?: string): Promise<Credential[]> {
    return promised(() => {
      checkedCredential({ userId, ...(kind !== undefined && { kind }) });
      const found = this.#ofUser(userId).filter((each) => kind === undefined || each.kind === kind);
      return found.map(copyOf);
    });
  }

  find(kind: string, id: string): Promise<Credential | undefined> {
    return promised(() => {
      const found = this.#credentials.get(keyOf({ kind, id }));
      return found && copyOf(found);
    });
  }

  add({ userId, kind, id, data }: NewCredential): Promise<boolean> {
    return promised(() => {
      const credential = checkedCredential({ userId, kind, id, data });
      const key = keyOf(credential);
      if (this.#credentials.has(key) || !this.#isUser(userId)) return false;
      this.#credentials.set(key, { ...credential, createdAt: new Date(this.#now()) });
      return true;
    });
  }

  replace(previous: NewCredential, data: string): Promise<boolean> {
    return promised(() => {
      const { userId, kind, id, data: expected } = previous;
      checkedCredential({ userId, kind, id, data: expected });
      checkedCredential({ data });
      const stored = this.#findOwn(userId, kind, id);
      if (stored?.data !== expected) return false;
      stored.data = data;
      return true;
    });
  }

  remove(userId: string, kind: string, id: string): Promise<boolean> {
    return promised(() => {
      checkedCredential({ userId, kind, id });
      return this.#findOwn(userId, kind, id) !== undefined && this.#credentials.delete(keyOf({ kind, id }));
    });
  }

  removeAll(userId: string, options?: RemoveCredentialsOptions): Promise<number> {
    return promised(() => {
      checkedCredential({ userId });
      const { kinds, except } = checkedRemoval(options);
      const removed = this.#ofUser(userId).filter(
        ({ kind, id }) => (kinds?.includes(kind) ?? true) && !except.includes(id),
      );
      for (const credential of removed) this.#credentials.delete(keyOf(credential));
      return removed.length;
    });
  }

  /** Removes all credentials of a user who has been deleted. */
  forget(userId: string): void {
    for (const credential of this.#ofUser(userId)) this.#credentials.delete(keyOf(credential));
  }

  #ofUser(userId: string): Credential[] {
    return [...this.#credentials.values()].filter((credential) => credential.userId === userId);
  }

  #findOwn(userId: string, kind: string, id: string): Credential | undefined {
    const credential = this.#credentials.get(keyOf({ kind, id }));
    return credential?.userId === userId ? credential : undefined;
  }
}

function keyOf({ kind, id }: { kind: string; id: string }): string {
  checkedCredential({ kind, id });
  return JSON.stringify([kind, id]);
}

function copyOf(credential: Credential): Credential {
  return { ...credential, createdAt: new Date(credential.createdAt) };
}

/** Does the work now, not in a later tick, and turns an error into a rejection. */
function promised<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
