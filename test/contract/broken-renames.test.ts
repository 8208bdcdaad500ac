import {
  newUsername,
  usernameKey,
  UsernameTakenError,
  type NewUser,
  type StoredUser,
  type UserStore,
} from '../../src';
import { userStoreContract } from '../../src/testing';
import { MapUserStore } from '../stores/map-stores';
import { brokenPromises, tick } from './broken';

test('the contract accepts a store that renames, and one that does not', async () => {
  expect(await brokenPromises(userStoreContract(() => new MapUserStore()))).toEqual([]);
  const without = () => Object.assign(new MapUserStore(), { updateUsername: undefined });
  expect(await brokenPromises(userStoreContract(without as unknown as () => UserStore))).toEqual([]);
});

/** The name as it is now, for stores that don't compare. */
const nameOf = (store: MapUserStore, id: string) => store.users.get(id)?.username ?? '';

describe('the contract catches a store that', () => {
  test.each<[defect: string, promise: RegExp, Store: new () => MapUserStore]>([
    [
      'renames without comparing the username',
      /only if the username is still the expected one/,
      class extends MapUserStore {
        override updateUsername = (id: string, next: string) =>
          super.updateUsername(id, next, nameOf(this, id));
      },
    ],
    [
      'compares the username by its key',
      /only if the username is still the expected one/,
      class extends MapUserStore {
        override async updateUsername(id: string, next: string, previous: string) {
          const current = nameOf(this, id);
          const isSame = usernameKey(current) === usernameKey(previous);
          return super.updateUsername(id, next, isSame ? current : previous);
        }
      },
    ],
    [
      'compares the username without its case',
      /only if the username is still the expected one/,
      class extends MapUserStore {
        override async updateUsername(id: string, next: string, previous: string) {
          const current = nameOf(this, id);
          const isSame = current.toLowerCase() === previous.toLowerCase();
          return super.updateUsername(id, next, isSame ? current : previous);
        }
      },
    ],
    [
      'answers true for an unknown user',
      /no unknown user/,
      class extends MapUserStore {
        override async updateUsername(id: string, next: string, previous: string) {
          return !this.users.has(id) || super.updateUsername(id, next, previous);
        }
      },
    ],
    [
      'answers true without renaming',
      /only if the username is still the expected one/,
      class extends MapUserStore {
        override updateUsername = (id: string, _next: string, previous: string) =>
          Promise.resolve(nameOf(this, id) === previous);
      },
    ],
    [
      'makes another user of a renamed one',
      /only if the username is still the expected one/,
      class extends MapUserStore {
        override async updateUsername(id: string, next: string, previous: string) {
          if (nameOf(this, id) !== previous) return false;
          await this.create({ username: newUsername(next), passwordHash: null });
          return this.users.delete(id);
        }
      },
    ],
    [
      'takes the roles away',
      /only if the username is still the expected one/,
      class extends MapUserStore {
        override async updateUsername(id: string, next: string, previous: string) {
          const renamed = await super.updateUsername(id, next, previous);
          if (renamed) (this.users.get(id) as StoredUser).roles = [];
          return renamed;
        }
      },
    ],
    [
      'keeps the old username for ever',
      /frees the old username/,
      class extends MapUserStore {
        readonly #used = new Set<string>();
        override create(user: NewUser) {
          return this.#used.has(user.username) ? Promise.reject(new Error('used')) : super.create(user);
        }
        override updateUsername(id: string, next: string, previous: string) {
          this.#used.add(previous);
          return super.updateUsername(id, next, previous);
        }
      },
    ],
    [
      'takes the user for another one who has the username already',
      /how the same username is spelled/,
      class extends MapUserStore {
        override async updateUsername(id: string, next: string, previous: string) {
          if (await this.findByUsername(next)) throw new UsernameTakenError();
          return super.updateUsername(id, next, previous);
        }
      },
    ],
    [
      'answers true to another spelling, and keeps the old one',
      /how the same username is spelled/,
      class extends MapUserStore {
        override async updateUsername(id: string, next: string, previous: string) {
          const isSame = nameOf(this, id) === previous && usernameKey(next) === usernameKey(previous);
          return isSame || super.updateUsername(id, next, previous);
        }
      },
    ],
    [
      'stores a new username as it came',
      /in Unicode form NFC, without white space/,
      class extends MapUserStore {
        override async updateUsername(id: string, next: string, previous: string) {
          const renamed = await super.updateUsername(id, next, previous);
          if (renamed) (this.users.get(id) as StoredUser).username = next;
          return renamed;
        }
      },
    ],
    [
      'compares new usernames by their text',
      /no username that another user has/,
      class extends MapUserStore {
        override async updateUsername(id: string, next: string, previous: string) {
          const user = this.users.get(id);
          const isTaken = [...this.users.values()].some(({ username }) => username === newUsername(next));
          if (!user || isTaken || user.username !== previous) return super.updateUsername(id, next, previous);
          user.username = newUsername(next);
          return true;
        }
      },
    ],
    [
      'answers false for a username that is taken',
      /no username that another user has/,
      class extends MapUserStore {
        override updateUsername = (id: string, next: string, previous: string) =>
          super.updateUsername(id, next, previous).catch((error: { code?: string }) => {
            if (error.code === 'USERNAME_TAKEN') return false;
            throw error as Error;
          });
      },
    ],
    [
      'takes any text for a username',
      /refuses a new username that no user may have/,
      class extends MapUserStore {
        override async updateUsername(id: string, next: string, previous: string) {
          const isRefused = await super.updateUsername(id, next, nameOf(this, id)).then(
            () => false,
            (error: { code?: string }) => error.code !== 'USERNAME_TAKEN',
          );
          const user = this.users.get(id);
          if (!isRefused || user?.username !== previous) return super.updateUsername(id, next, previous);
          user.username = next;
          return true;
        }
      },
    ],
    [
      'cuts a username off',
      /refuses a new username that no user may have/,
      class extends MapUserStore {
        override updateUsername = (id: string, next: string, previous: string) =>
          super.updateUsername(id, Array.from(next).slice(0, 254).join(''), previous);
      },
    ],
    [
      'checks the previous username, and then renames',
      /parallel renames of a user/,
      class extends MapUserStore {
        override async updateUsername(id: string, next: string, previous: string) {
          const isCurrent = (await this.findById(id))?.username === previous;
          await tick();
          return super.updateUsername(id, next, isCurrent ? nameOf(this, id) : previous);
        }
      },
    ],
    [
      'checks that a username is free, and then renames',
      /all ask for at once/,
      class extends MapUserStore {
        override async updateUsername(id: string, next: string, previous: string) {
          const owner = await this.findByUsername(next);
          await tick();
          if (owner && owner.id !== id) return super.updateUsername(id, next, previous);
          const name = newUsername(next);
          const user = this.users.get(id);
          if (user?.username !== previous) return false;
          user.username = name;
          return true;
        }
      },
    ],
    [
      'checks that a username is free, and then creates a user beside a rename',
      /either a rename or a create/,
      class extends MapUserStore {
        override async create(user: NewUser) {
          const owner = await this.findByUsername(user.username);
          await tick();
          if (owner) return super.create(user);
          // Not seen: a user who got the name meanwhile by a rename.
          const renamed = [...this.users.values()].find((each) => each.username === user.username);
          if (renamed) this.users.delete(renamed.id);
          const created = await super.create(user);
          if (renamed) this.users.set(renamed.id, renamed);
          return created;
        }
      },
    ],
  ])('%s', async (_defect, promise, Store) => {
    expect(await brokenPromises(userStoreContract(() => new Store()))).toContainEqual(
      expect.stringMatching(promise),
    );
  });
});
