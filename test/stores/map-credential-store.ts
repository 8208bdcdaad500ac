/* eslint-disable @typescript-eslint/require-await -- the shortest way to a promise */
import type {
  Credential,
  CredentialStore,
  NewCredential,
  RemoveCredentialsOptions,
  UserStore,
} from '../../src';
import { MapUserStore } from './map-stores';

export type Key = Pick<NewCredential, 'kind' | 'id'>;

/** A store as a user of this package might write it, with the least code that keeps the contract. */
export class MapCredentialStore implements CredentialStore {
  readonly kept = new Map<string, Credential>();
  protected readonly users: MapUserStore;

  constructor(users: MapUserStore) {
    this.users = users;
  }

  async list(userId: string, kind?: string): Promise<Credential[]> {
    check({ userId, ...(kind !== undefined && { kind }) });
    const own = [...this.kept.values()].filter((each) => each.userId === userId);
    return own.filter((each) => kind === undefined || each.kind === kind).map(copy);
  }

  async find(kind: string, id: string): Promise<Credential | undefined> {
    check({ kind, id });
    const found = this.kept.get(this.key({ kind, id }));
    return found && copy(found);
  }

  async add({ userId, kind, id, data }: NewCredential): Promise<boolean> {
    check({ userId, kind, id, data });
    const key = this.key({ kind, id });
    if (this.kept.has(key) || !this.users.users.has(userId)) return false;
    this.kept.set(key, { userId, kind, id, data, createdAt: new Date() });
    return true;
  }

  async replace({ userId, kind, id, data: previous }: NewCredential, data: string): Promise<boolean> {
    check({ userId, kind, id, data: previous });
    check({ data });
    const found = this.kept.get(this.key({ kind, id }));
    if (found?.userId !== userId || found.data !== previous) return false;
    found.data = data;
    return true;
  }

  async remove(userId: string, kind: string, id: string): Promise<boolean> {
    check({ userId, kind, id });
    const key = this.key({ kind, id });
    return this.kept.get(key)?.userId === userId && this.kept.delete(key);
  }

  async removeAll(userId: string, { kinds, except = [] }: RemoveCredentialsOptions = {}): Promise<number> {
    check({ userId });
    for (const list of [kinds ?? [], except]) if (!Array.isArray(list)) throw new TypeError('a list');
    for (const kind of kinds ?? []) check({ kind });
    for (const id of except) check({ id });
    const removed = (await this.list(userId)).filter(
      ({ kind, id }) => (kinds?.includes(kind) ?? true) && !except.includes(id),
    );
    for (const credential of removed) this.kept.delete(this.key(credential));
    return removed.length;
  }

  protected key({ kind, id }: Key): string {
    return `${kind} ${id}`;
  }
}

/** The stores for one case of the contract. */
export function mapStores(Store: new (users: MapUserStore) => CredentialStore): {
  users: UserStore;
  credentials: CredentialStore;
} {
  const users = new MapUserStore();
  return { users, credentials: new Store(users) };
}

function copy(credential: Credential): Credential {
  return { ...credential, createdAt: new Date(credential.createdAt) };
}

function check(members: Partial<NewCredential>): void {
  for (const [name, value] of Object.entries(members) as [string, unknown][]) {
    const most = { userId: 255, kind: 64, id: 1024 }[name] ?? Infinity;
    const isText = typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
    if (!isText || value.length > most) throw new TypeError(name);
    if (name === 'kind' && !/^[a-z0-9-]+$/.test(value)) throw new TypeError(name);
    if (name === 'data' ? Buffer.byteLength(value) > 16_384 : value === '') throw new TypeError(name);
  }
}
