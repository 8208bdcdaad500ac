import type { Credential, NewCredential, RemoveCredentialsOptions } from '../../src';
import { credentialStoreContract } from '../../src/testing';
import { MapCredentialStore, mapStores } from '../stores/map-credential-store';
import { brokenPromises, tick } from './broken';

describe('the contract catches a store that', () => {
  test.each<[defect: string, promise: RegExp, Store: typeof MapCredentialStore]>([
    [
      'checks and then replaces',
      /parallel replaces/,
      class extends MapCredentialStore {
        override async replace(previous: NewCredential, data: string) {
          const current = await this.find(previous.kind, previous.id);
          await tick();
          const kept = this.kept.get(this.key(previous));
          if (kept && current?.data === previous.data) kept.data = previous.data;
          return super.replace(previous, data);
        }
      },
    ],
    [
      'replaces without comparing the data',
      /only if it is still the expected data/,
      class extends MapCredentialStore {
        override async replace(previous: NewCredential, data: string) {
          const current = await this.find(previous.kind, previous.id);
          return super.replace({ ...previous, data: current?.data ?? '' }, data);
        }
      },
    ],
    [
      'compares data by its normalized form',
      /byte for byte/,
      class extends MapCredentialStore {
        override async replace(previous: NewCredential, data: string) {
          const current = await this.find(previous.kind, previous.id);
          const isAlike = current?.data.normalize() === previous.data.normalize();
          return super.replace(isAlike && current ? { ...previous, data: current.data } : previous, data);
        }
      },
    ],
    [
      "replaces another user's credential",
      /replaces nothing of another user/,
      class extends MapCredentialStore {
        override async replace(previous: NewCredential, data: string) {
          const userId = (await this.find(previous.kind, previous.id))?.userId ?? previous.userId;
          return super.replace({ ...previous, userId }, data);
        }
      },
    ],
    [
      'dates a credential by its last change',
      /only if it is still the expected data/,
      class extends MapCredentialStore {
        override async replace(previous: NewCredential, data: string) {
          const replaced = await super.replace(previous, data);
          if (replaced) (this.kept.get(this.key(previous)) as Credential).createdAt = new Date();
          return replaced;
        }
      },
    ],
    [
      'moves a changed credential to the end',
      /keeps the order/,
      class extends MapCredentialStore {
        override async replace(previous: NewCredential, data: string) {
          const replaced = await super.replace(previous, data);
          const changed = this.kept.get(this.key(previous));
          if (replaced && this.kept.delete(this.key(previous)))
            this.kept.set(this.key(previous), changed as Credential);
          return replaced;
        }
      },
    ],
    [
      "removes another user's credential",
      /removes a credential only once/,
      class extends MapCredentialStore {
        override remove = (_userId: string, kind: string, id: string) =>
          Promise.resolve(this.kept.delete(this.key({ kind, id })));
      },
    ],
    [
      'checks and then removes',
      /removes a credential only once/,
      class extends MapCredentialStore {
        override async remove(userId: string, kind: string, id: string) {
          const found = await this.find(kind, id);
          await super.remove(userId, kind, id);
          return found?.userId === userId;
        }
      },
    ],
    [
      'removes everything when no kind is given',
      /only some kinds/,
      class extends MapCredentialStore {
        override removeAll = (userId: string, { kinds, except }: RemoveCredentialsOptions = {}) =>
          super.removeAll(userId, { kinds: kinds?.length ? kinds : undefined, except });
      },
    ],
    [
      'removes without an exception',
      /all but some ids/,
      class extends MapCredentialStore {
        override removeAll = (userId: string, { kinds }: RemoveCredentialsOptions = {}) =>
          super.removeAll(userId, { kinds });
      },
    ],
    [
      'removes the credentials of all users',
      /all but some ids/,
      class extends MapCredentialStore {
        override async removeAll(userId: string, options: RemoveCredentialsOptions = {}) {
          const owners = new Set(Array.from(this.kept.values(), (each) => each.userId));
          for (const owner of owners) if (owner !== userId) await super.removeAll(owner, options);
          return super.removeAll(userId, options);
        }
      },
    ],
  ])('%s', async (_defect, promise, Store) => {
    const names = await brokenPromises(credentialStoreContract(() => mapStores(Store)));
    expect(names).toContainEqual(expect.stringMatching(promise));
  });
});
