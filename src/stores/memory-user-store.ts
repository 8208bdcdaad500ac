import { randomUUID } from 'node:crypto';
import { UsernameTakenError } from '../errors.js';
import { normalizeUsername, usernameKey } from '../utils/username.js';
import type { NewUser, StoredUser, UserStore } from './user-store.js';

/** Users in the memory of one process: for tests, and for trying things out. A restart forgets them. */
export class MemoryUserStore implements UserStore {
  readonly #users = new Map<string, StoredUser>();
  readonly #idsByUsername = new Map<string, string>();

  findByUsername(username: string): Promise<StoredUser | undefined> {
    return this.findById(this.#idsByUsername.get(usernameKey(username)) ?? '');
  }

  findById(id: string): Promise<StoredUser | undefined> {
    const user = this.#users.get(id);
    return Promise.resolve(user && { ...user, roles: [...user.roles] });
  }

  async create({ username, passwordHash, roles = [] }: NewUser): Promise<StoredUser> {
    const key = usernameKey(username);
    if (this.#idsByUsername.has(key)) throw new UsernameTakenError();
    const id = randomUUID();
    this.#idsByUsername.set(key, id);
    this.#users.set(id, { id, username: normalizeUsername(username), passwordHash, roles, disabled: false });
    return (await this.findById(id)) as StoredUser;
  }

  updatePasswordHash(id: string, next: string, previous: string | null): Promise<boolean> {
    const user = this.#users.get(id);
    if (!user || user.passwordHash !== previous) return Promise.resolve(false);
    user.passwordHash = next;
    return Promise.resolve(true);
  }

  /** Changes roles or the disabled flag. @returns whether there is such a user. */
  update(id: string, changes: { roles?: string[]; disabled?: boolean }): Promise<boolean> {
    const user = this.#users.get(id);
    if (!user) return Promise.resolve(false);
    if (changes.roles !== undefined) user.roles = [...changes.roles];
    if (changes.disabled !== undefined) user.disabled = changes.disabled;
    return Promise.resolve(true);
  }

  /** @returns whether there was such a user. */
  delete(id: string): Promise<boolean> {
    const user = this.#users.get(id);
    if (user) this.#idsByUsername.delete(usernameKey(user.username));
    return Promise.resolve(this.#users.delete(id));
  }
}
