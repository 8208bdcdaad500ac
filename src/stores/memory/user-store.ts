import { randomUUID } from 'node:crypto';
import { UsernameTakenError } from '../../errors.js';
import { usernameKey } from '../../utils/username.js';
import { MemoryCredentialStore } from './credentials.js';
import type { CredentialStore } from '../credential-store.js';
import { checkedClockOption } from './clock-option.js';
import { newUsername } from '../new-username.js';
import {
  checkedChanges,
  checkedIdentityUser,
  checkedNewUser,
  checkedRename,
  checkedUserId,
} from '../user-arguments.js';
import { UserGoneListeners } from '../user-gone-listeners.js';
import { checkedIdentity, type Identity, type IdentityStore } from '../identity-store.js';
import type { NewUser, StoredUser, UserGoneListener, UserStore } from '../user-store.js';

/** Users in the memory of one process, for tests and for trying things out. A restart forgets them. */
export class MemoryUserStore implements UserStore, IdentityStore {
  readonly #users = new Map<string, StoredUser>();
  readonly #idsByUsername = new Map<string, string>();
  readonly #identities = new Map<string, Identity & { userId: string }>();
  readonly #credentials: MemoryCredentialStore;
  readonly #userGone = new UserGoneListeners();

  /** @param options.clock milliseconds since 1970; pass that of `createAuth` if it has one. Default: `Date.now` */
  constructor(options: { clock?: () => number } = {}) {
    const { clock = Date.now } = checkedClockOption('MemoryUserStore', options);
    this.#credentials = new MemoryCredentialStore((id) => this.#users.has(id), clock);
  }

  findByUsername(username: string): Promise<StoredUser | undefined> {
    return this.findById(this.#idsByUsername.get(usernameKey(username)) ?? '');
  }

  findById(id: string): Promise<StoredUser | undefined> {
    const user = this.#users.get(id);
    return Promise.resolve(user && { ...user, roles: [...user.roles] });
  }

  async create(user: NewUser, fields?: undefined): Promise<StoredUser> {
    return (await this.findById(this.#create(checkedNewUser(user, fields)))) as StoredUser;
  }

  updatePasswordHash(id: string, next: string, previous: string | null): Promise<boolean> {
    const user = this.#users.get(id);
    if (!user || user.passwordHash !== previous) return Promise.resolve(false);
    user.passwordHash = next;
    return Promise.resolve(true);
  }

  updateUsername(id: string, next: string, previous: string): Promise<boolean> {
    return Promise.resolve().then(() => this.#rename(checkedRename(id, next, previous)));
  }

  /**
   * Changes the roles (new ones replace all old ones), the disabled flag or both: `users.update(id, { roles: ['admin'] })`. Disabling
   * a user ends their sessions. Access tokens keep the old roles until the next refresh.
   * @returns whether there is such a user
   */
  async update(id: string, changes: { roles?: string[]; disabled?: boolean }): Promise<boolean> {
    const { roles, disabled } = checkedChanges(changes);
    const user = this.#users.get(checkedUserId('update', id));
    if (!user) return false;
    if (roles !== undefined) user.roles = [...roles];
    if (disabled !== undefined) user.disabled = disabled;
    if (disabled) await this.#userGone.notify(id);
    return true;
  }

  /** Deletes a user with their identities and credentials, and ends their sessions. @returns whether there was such a user */
  async delete(id: string): Promise<boolean> {
    const user = this.#users.get(checkedUserId('delete', id));
    if (user) this.#idsByUsername.delete(usernameKey(user.username));
    this.#users.delete(id);
    for (const [key, { userId }] of this.#identities) if (userId === id) this.#identities.delete(key);
    this.#credentials.forget(id);
    await this.#userGone.notify(id);
    return user !== undefined;
  }

  findByIdentity(identity: Identity): Promise<StoredUser | undefined> {
    return this.findById(this.#identities.get(keyOf(identity))?.userId ?? '');
  }

  async findOrCreate(identity: Identity, user: Omit<NewUser, 'passwordHash'>): Promise<StoredUser> {
    const key = keyOf(identity);
    const newUser = checkedIdentityUser(user);
    // Nothing is awaited before the identity has its user, so a parallel call finds that user.
    if (!this.#identities.has(key)) {
      const userId = this.#create({ ...newUser, passwordHash: null });
      this.#identities.set(key, { issuer: identity.issuer, subject: identity.subject, userId });
    }
    return (await this.findByIdentity(identity)) as StoredUser;
  }

  async link(userId: string, { issuer, subject }: Identity): Promise<boolean> {
    const key = keyOf({ issuer, subject });
    checkedUserId('link', userId);
    const owner = this.#identities.get(key)?.userId ?? userId;
    if (owner === userId && this.#users.has(userId)) this.#identities.set(key, { issuer, subject, userId });
    return (await this.findByIdentity({ issuer, subject }))?.id === userId;
  }

  async unlink(userId: string, identity: Identity): Promise<boolean> {
    const [key, id] = [keyOf(identity), checkedUserId('unlink', userId)];
    return Promise.resolve(this.#identities.get(key)?.userId === id && this.#identities.delete(key));
  }

  async listIdentities(userId: string): Promise<Identity[]> {
    const id = checkedUserId('listIdentities', userId);
    const own = [...this.#identities.values()].filter((identity) => identity.userId === id);
    return Promise.resolve(own.map(({ issuer, subject }) => ({ issuer, subject })));
  }

  credentials(): CredentialStore {
    return this.#credentials;
  }

  onUserGone(listener: UserGoneListener): () => void {
    return this.#userGone.add(listener);
  }

  #rename({ id, name, key, previous }: ReturnType<typeof checkedRename>): boolean {
    const user = this.#users.get(id);
    if (user?.username !== previous) return false;
    if ((this.#idsByUsername.get(key) ?? id) !== id) throw new UsernameTakenError();
    this.#idsByUsername.delete(usernameKey(previous));
    this.#idsByUsername.set(key, id);
    user.username = name;
    return true;
  }

  /** @returns the id */
  #create({ username, passwordHash, roles = [] }: NewUser): string {
    const [key, name] = [usernameKey(username), newUsername(username)];
    if (this.#idsByUsername.has(key)) throw new UsernameTakenError();
    const id = randomUUID();
    this.#idsByUsername.set(key, id);
    this.#users.set(id, { id, username: name, passwordHash, roles: [...roles], disabled: false });
    return id;
  }
}

function keyOf(identity: Identity): string {
  const { issuer, subject } = checkedIdentity(identity);
  return JSON.stringify([issuer, subject]);
}
