import { isObjectIdOrHexString } from 'mongoose';
import { UsernameTakenError, type Credential, type CredentialStore } from 'passport-visa';
import { LinkedAccountStore } from './identities.js';
import type { Row } from './users.js';

export class FullAccountStore extends LinkedAccountStore {
  credentials(): CredentialStore {
    return {
      list: async (userId, kind) => {
        check(kind === undefined ? { userId } : { userId, kind });
        const row = isObjectIdOrHexString(userId) ? await this.row({ _id: userId }) : null;
        return credentialsOf(row).filter((each) => kind === undefined || each.kind === kind);
      },
      find: async (kind, id) => {
        check({ kind, id });
        const row = await this.row({ 'credentials.key': keyOf(kind, id) });
        return credentialsOf(row).find((each) => each.kind === kind && each.id === id);
      },
      add: async ({ userId, kind, id, data }) => {
        check({ userId, kind, id, data });
        const key = keyOf(kind, id);
        const added = { credentials: { key, kind, id, data, createdAt: new Date() } };
        try {
          return (await this.change(userId, { 'credentials.key': { $ne: key } }, { $push: added })) !== null;
        } catch (error) {
          if (error instanceof UsernameTakenError) return false; // the index: it's another user's credential
          throw error;
        }
      },
      replace: async ({ userId, kind, id, data: previous }, data) => {
        for (const each of [previous, data]) check({ userId, kind, id, data: each });
        const found = { credentials: { $elemMatch: { key: keyOf(kind, id), data: previous } } };
        return (await this.change(userId, found, { $set: { 'credentials.$.data': data } })) !== null;
      },
      remove: async (userId, kind, id) => {
        check({ userId, kind, id });
        const key = keyOf(kind, id);
        const pull = { $pull: { credentials: { key } } };
        return (await this.change(userId, { 'credentials.key': key }, pull)) !== null;
      },
      removeAll: async (userId, { kinds, except = [] } = {}) => {
        if (![kinds ?? [], except].every(Array.isArray))
          throw new TypeError('kinds and except must be lists');
        check({ userId });
        for (const kind of kinds ?? []) check({ kind });
        for (const id of except) check({ id });
        const which = { ...(kinds && { kind: { $in: kinds } }), id: { $nin: except } };
        const before = await this.change(userId, {}, { $pull: { credentials: which } });
        const isOne = ({ kind, id }: Credential) => (kinds ?? [kind]).includes(kind) && !except.includes(id);
        return credentialsOf(before).filter(isOne).length;
      },
    };
  }
}

const keyOf = (kind: string, id: string) => JSON.stringify([kind, id]);

function credentialsOf(row: Row | null): Credential[] {
  return (row?.credentials ?? []).map(({ kind, id, data, createdAt }) => ({
    ...{ userId: String(row?._id), kind: kind ?? '', id: id ?? '', data: data ?? '' },
    createdAt: createdAt ?? new Date(0),
  }));
}

const RULES: Record<string, (text: string) => boolean> = {
  userId: (text) => text !== '' && text.length <= 255,
  kind: (text) => /^[a-z0-9-]{1,64}$/.test(text),
  id: (text) => text !== '' && text.length <= 1024,
  data: (text) => Buffer.byteLength(text) <= 16_384,
};

function check(members: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(members)) {
    const isText = typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
    if (!isText || !RULES[name]?.(value)) throw new TypeError(`credential.${name} is not allowed`);
  }
}
