import { randomUUID } from 'node:crypto';
import { UsernameTakenError } from '../errors.js';
import { normalizeUsername, usernameKey } from '../utils/username.js';
import { UserGoneListeners } from './user-gone-listeners.js';
import type { NewUser, StoredUser, UserGoneListener, UserStore } from './user-store.js';

/** Users in the memory of one process: for tests, and for trying things out. A restart forgets them. */
export class MemoryUserStore implements UserStore {
  readonly #users = new Map<string, StoredUser>();
  readonly #idsByUsername = new Map<string, string>();
  readonly #userGone = new UserGoneListeners();

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

  /** Changes roles or the disabled flag; disabling ends the user's sessions. @returns whether there is such a user. */
  async update(id: string, changes: { roles?: string[]; disabled?: boolean }): Promise<boolean> {
    const user = this.#users.get(id);
    if (!user) return false;
    if (changes.roles !== undefined) user.roles = [...changes.roles];
    if (changes.disabled !== undefined) user.disabled = changes.disabled;
    if (changes.disabled) await this.#userGone.tell(id);
    return true;
  }

  /** Ends the user's sessions too. @returns whether there was such a user. */
  async delete(id: string): Promise<boolean> {
    const user = this.#users.get(id);
    if (user) this.#idsByUsername.delete(usernameKey(user.username));
    this.#users.delete(id);
    await this.#userGone.tell(id);
    return user !== undefined;
  }

  onUserGone(listener: UserGoneListener): () => void {
    return this.#userGone.add(listener);
  }
}
