import { randomUUID } from 'node:crypto';
import { MemoryUserStore, type Identity, type NewUser, type StoredUser } from '../../src';
import {
  credentialStoreContract,
  identityStoreContract,
  oneTimeTokenStoreContract,
  refreshTokenStoreContract,
  revocationContract,
  userStoreContract,
  type RefreshTokenStoreGap,
} from '../../src/testing';
import { MapRefreshTokenStore, MapUserStore } from '../stores/map-stores';
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

/** A table with one more required column, and roles from elsewhere. */
class StrictIdentityStore extends MemoryUserStore {
  override async create(user: NewUser): Promise<StoredUser> {
    return super.create({ ...this.#judged(user), passwordHash: user.passwordHash });
  }
  override async findOrCreate(identity: Identity, user: Omit<NewUser, 'passwordHash'>): Promise<StoredUser> {
    return super.findOrCreate(identity, this.#judged(user));
  }
  #judged(user: { username: string; plan?: string }) {
    const { username, plan } = user;
    if (!username.includes('@') || plan !== 'free') throw new RangeError('an address and a plan, please');
    return { username, roles: ['customer'] };
  }
}

describe('identities of users of such a store keep the contract', () =>
  runContract(
    identityStoreContract(() => new StrictIdentityStore(), {
      newUser: () => ({ ...newUser(), plan: 'free' }),
      without: ['roles'],
    }),
  ));

test('identityStoreContract holds a store against its roles if it keeps them', async () => {
  const options = { newUser: () => ({ ...newUser(), plan: 'free', roles: ['admin'] }) };
  const [first] = identityStoreContract(() => new StrictIdentityStore(), options);
  await expect(first?.run()).rejects.toThrow(/'customer'/);
});

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

test('refreshTokenStoreContract fails for a store that ignores origins, unless that is said', async () => {
  const failures = async (without: RefreshTokenStoreGap[]) => {
    const cases = refreshTokenStoreContract(() => new MapRefreshTokenStore(), { without });
    const results = await Promise.allSettled(cases.map(({ run }) => run()));
    return results.filter(({ status }) => status === 'rejected').length;
  };
  expect(await failures(['origin'])).toBe(0);
  expect(await failures([])).toBeGreaterThan(0);
});

const suites = {
  userStoreContract,
  identityStoreContract,
  credentialStoreContract,
  refreshTokenStoreContract,
  oneTimeTokenStoreContract,
  revocationContract,
} as Record<string, (...args: unknown[]) => { run(): Promise<void> }[]>;
const callSuite = (name: string, options: unknown) => suites[name]?.(() => ({}), options);

describe.each(['userStoreContract', 'identityStoreContract'])('%s', (name) => {
  test.each<[options: unknown, message: string]>([
    [{ newUsr: newUser }, 'Unknown option newUsr: known are newUser, without (did you mean newUser?)'],
    [{ without: 'roles' }, 'without must be a list, not a text'],
    [{ without: { roles: true } }, 'without must be a list, not an object'],
    [{ without: ['passwords'] }, "Unknown gap 'passwords' in without: known are roles, no-password"],
    [
      { without: ['role'] },
      "Unknown gap 'role' in without: known are roles, no-password (did you mean roles?)",
    ],
    [{ without: [undefined] }, "Unknown gap 'undefined' in without"],
    [{ newUser: newUser() }, 'newUser must be a function that makes { username, passwordHash, roles? }'],
    ['roles', 'needs an object of options'],
  ])('refuses the options %j', (options, message) => {
    const call = () => callSuite(name, options);
    expect(call).toThrow(TypeError);
    expect(call).toThrow(`${name}()`);
    expect(call).toThrow(message);
  });
});

test('credentialStoreContract refuses options that it does not know, and a factory that is no function', () => {
  const call = (options: unknown) => () => callSuite('credentialStoreContract', options);
  expect(call({ without: ['roles'] })).toThrow('Unknown option without: known are newUser');
  expect(call({ newUser: newUser() })).toThrow('newUser must be a function that makes');
});

test.each(['refreshTokenStoreContract', 'revocationContract'])(
  '%s refuses options that it does not know, and unknown gaps',
  (name) => {
    expect(() => callSuite(name, { newUser })).toThrow(
      `${name}(): Unknown option newUser: known are without`,
    );
    expect(() => callSuite(name, { without: ['session-limits'] })).toThrow(
      /Unknown gap 'session-limits' in without: known are session-limit/,
    );
  },
);

test.each(['oneTimeTokenStoreContract'])('%s refuses options, because it has none', (name) => {
  expect(() => callSuite(name, { newUser })).toThrow(`${name}() takes no options`);
  expect(callSuite(name, undefined)).not.toHaveLength(0);
});

test('userStoreContract names a factory that makes no user, or one without a password', async () => {
  const firstWith = (user: unknown) =>
    userStoreContract(() => new StrictStore(), { newUser: () => user as NewUser })[0]?.run();
  await expect(firstWith({})).rejects.toThrow('newUser() must return { username, passwordHash, roles? }');
  await expect(firstWith({ username: 'ann', passwordHash: null })).rejects.toThrow(
    'with a passwordHash, not null',
  );
});
