import { randomUUID } from 'node:crypto';
import { MemoryUserStore, type NewUser, type StoredUser } from '../../src';
import {
  credentialStoreContract,
  identityStoreContract,
  oneTimeTokenStoreContract,
  refreshTokenStoreContract,
  revocationContract,
  userStoreContract,
} from '../../src/testing';
import { MapUserStore } from '../stores/map-stores';
import { passwordHash } from '../helpers/apps/limited-app';
import { runContract } from './run-contract';

/** A sound store over an app's table: validated addresses, a required password, roles from elsewhere. */
class StrictStore extends MapUserStore {
  override async create(user: NewUser): Promise<StoredUser> {
    const username = user.username.trim();
    if (!/^[^@\s]+@[^@\s]+$/.test(username)) throw new RangeError('an address, please');
    if (user.passwordHash === null) throw new RangeError('a password, please');
    return super.create({ username, passwordHash: user.passwordHash, roles: ['customer'] });
  }
}

const newUser = () => ({ username: `ann.${randomUUID()}@example.com`, passwordHash });

describe('a store that takes only some users keeps the contract', () =>
  runContract(userStoreContract(() => new StrictStore(), { newUser, without: ['roles', 'no-password'] })));

class StrictMemoryStore extends MemoryUserStore {
  override async create(user: NewUser): Promise<StoredUser> {
    if (!user.username.includes('@') || user.passwordHash === null)
      throw new RangeError('an address and a password, please');
    return super.create(user);
  }
}

describe('credentials of users of such a store keep the contract', () =>
  runContract(
    credentialStoreContract(
      () => {
        const users = new StrictMemoryStore();
        return { users, credentials: users.credentials() };
      },
      { newUser },
    ),
  ));

test('the contract still holds such a store against what it does', async () => {
  class Careless extends StrictStore {
    override updatePasswordHash = async (id: string, next: string) =>
      super.updatePasswordHash(id, next, (await this.findById(id))?.passwordHash ?? null);
  }
  const cases = userStoreContract(() => new Careless(), { newUser, without: ['roles', 'no-password'] });
  const changes = cases.find(({ name }) => name.startsWith('replaces a password hash'));
  await expect(changes?.run()).rejects.toThrow(/The last call was updatePasswordHash\('[\w-]+', '\$2b/);
});

test.each<[string, (make: never) => { run(): Promise<void> }[]]>([
  ['userStoreContract', userStoreContract],
  ['identityStoreContract', identityStoreContract],
  ['credentialStoreContract', credentialStoreContract],
  ['refreshTokenStoreContract', refreshTokenStoreContract],
  ['oneTimeTokenStoreContract', oneTimeTokenStoreContract],
  ['revocationContract', revocationContract],
])('%s says what is wrong with what it was given', async (name, suite) => {
  const [first] = suite(new MapUserStore() as never);
  await expect(first?.run()).rejects.toThrow(`${name}() needs a function that makes a store`);
  const [second] = suite((() => ({})) as never);
  await expect(second?.run()).rejects.toThrow(`${name}(): the store lacks the methods `);
});

test('credentialStoreContract names a factory that makes no user', async () => {
  const make = () => {
    const users = new StrictMemoryStore();
    return { users, credentials: users.credentials() };
  };
  const [first] = credentialStoreContract(make, { newUser: () => ({}) as NewUser });
  await expect(first?.run()).rejects.toThrow('credentialStoreContract(): newUser() must return');
});

test('userStoreContract names an unknown gap, and a factory that makes no user', async () => {
  const store = () => new StrictStore();
  expect(() => userStoreContract(store, { without: ['passwords' as never] })).toThrow(
    "without has 'passwords': known are roles, no-password",
  );
  const [first] = userStoreContract(store, { newUser: () => ({}) as NewUser });
  await expect(first?.run()).rejects.toThrow('newUser() must return { username, passwordHash, roles? }');
});
