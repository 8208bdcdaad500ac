import type { Credential, NewCredential } from '../../src';
import { credentialStoreContract } from '../../src/testing';
import { MapCredentialStore, mapStores, type Key } from '../stores/map-credential-store';
import { brokenPromises, tick } from './broken';

test('the contract accepts a store that keeps it', async () => {
  expect(await brokenPromises(credentialStoreContract(() => mapStores(MapCredentialStore)))).toEqual([]);
});

describe('the contract catches a store that', () => {
  test.each<[defect: string, promise: RegExp, Store: typeof MapCredentialStore]>([
    [
      'checks and then adds',
      /parallel adds/,
      class extends MapCredentialStore {
        override async add(credential: NewCredential) {
          if (await this.find(credential.kind, credential.id)) return false;
          await tick();
          this.kept.delete(this.key(credential));
          return super.add(credential);
        }
      },
    ],
    [
      'overwrites a credential with the same id',
      /adds no id twice/,
      class extends MapCredentialStore {
        override async add(credential: NewCredential) {
          this.kept.delete(this.key(credential));
          return super.add(credential);
        }
      },
    ],
    [
      'has a namespace of ids for each user',
      /adds no id twice/,
      class extends MapCredentialStore {
        override async add(credential: NewCredential) {
          const other = await this.find(credential.kind, credential.id);
          return super.add(credential).then((added) => added || other?.userId !== credential.userId);
        }
      },
    ],
    [
      'adds credentials for unknown users',
      /who does not exist/,
      class extends MapCredentialStore {
        override async add(credential: NewCredential) {
          const user = { id: credential.userId, username: '', passwordHash: null, roles: [] };
          this.users.users.set(user.id, user);
          return super.add(credential);
        }
      },
    ],
    [
      'forgets the kind',
      /same id in two kinds/,
      class extends MapCredentialStore {
        protected override key = ({ id }: Key) => id;
      },
    ],
    [
      'glues kind and id together',
      /with another kind and id/,
      class extends MapCredentialStore {
        protected override key = ({ kind, id }: Key) => `${kind}-${id}`;
      },
    ],
    [
      'compares ids without case',
      /strange ids apart/,
      class extends MapCredentialStore {
        protected override key = ({ kind, id }: Key) => `${kind} ${id.toLowerCase()}`;
      },
    ],
    [
      'cuts ids off',
      /strange ids apart/,
      class extends MapCredentialStore {
        protected override key = ({ kind, id }: Key) => `${kind} ${id.slice(0, 1000)}`;
      },
    ],
    [
      'lists every kind',
      /of one kind or all/,
      class extends MapCredentialStore {
        override list = (userId: string) => super.list(userId);
      },
    ],
    [
      'lists in two reads',
      /at one moment/,
      class extends MapCredentialStore {
        override async list(userId: string, kind?: string) {
          const [first, ...others] = await super.list(userId, kind);
          if (others.length === 0) return first ? [first] : [];
          await tick();
          return [first as Credential, ...(await super.list(userId, kind)).slice(1)];
        }
      },
    ],
    [
      'lists the newest first',
      /oldest first/,
      class extends MapCredentialStore {
        override list = async (userId: string, kind?: string) => (await super.list(userId, kind)).reverse();
      },
    ],
    [
      'trims data',
      /exactly/,
      class extends MapCredentialStore {
        override add = (credential: NewCredential) =>
          super.add({ ...credential, data: credential.data.trim() });
      },
    ],
    [
      'hands out its own objects',
      /copies/,
      class extends MapCredentialStore {
        override find = (kind: string, id: string) => Promise.resolve(this.kept.get(this.key({ kind, id })));
      },
    ],
    [
      'shares one Date between all copies',
      /copies/,
      class extends MapCredentialStore {
        override async list(userId: string, kind?: string) {
          const listed = await super.list(userId, kind);
          return listed.map((each) => this.kept.get(this.key(each)) ?? each).map((each) => ({ ...each }));
        }
      },
    ],
    [
      'lets a NUL in',
      /no store can keep/,
      class extends MapCredentialStore {
        override add = (credential: NewCredential) =>
          super.add({ ...credential, id: String(credential.id).replaceAll('\0', '') });
      },
    ],
  ])('%s', async (_defect, promise, Store) => {
    const names = await brokenPromises(credentialStoreContract(() => mapStores(Store)));
    expect(names).toContainEqual(expect.stringMatching(promise));
  });
});
