import { Client, Pool } from 'pg';
import { MemoryUserStore, PostgresUserStore, usernameKey, type StoredUser, type UserStore } from '../../src';
import { checkedUsers } from '../../src/stores/checked-users';
import { createDatabase, type TestDatabase } from '../helpers/apps/backends';
import { useCallTimes } from '../helpers/call-times';
import { MapUserStore } from './map-stores';

// Long enough for a busy machine, and short enough for a test.
useCallTimes({ timeout: 4000, lockWait: 250 });

let database: TestDatabase;
let postgres: PostgresUserStore;
beforeAll(async () => {
  database = await createDatabase();
  postgres = new PostgresUserStore(database.pool);
  await postgres.migrate();
});
afterAll(() => database.close());

let count = 0;
const created = (users: UserStore) => users.create({ username: `Ann-${++count}`, passwordHash: 'hash' });

describe.each([
  ['PostgresUserStore', () => postgres],
  ['MemoryUserStore', () => new MemoryUserStore()],
])('%s', (_name, store) => {
  test.each<[argument: string, value: unknown, what: string]>(
    ['id', 'next', 'previous'].flatMap((argument) => [
      [argument, undefined, 'undefined'],
      [argument, null, 'null'],
      [argument, 5, 'a number'],
      [argument, ['ann'], 'a list'],
      [argument, 'a\0b', 'one with them'],
      [argument, 'a\ud800', 'one with them'],
    ]),
  )('refuses the argument %s if it is %j, and names it', async (argument, value, what) => {
    const users = store();
    const user = await created(users);
    const good = { id: user.id, next: 'next', previous: user.username };
    const given = { ...good, [argument]: value };
    const renaming = users.updateUsername(given.id, given.next, given.previous);
    await expect(renaming).rejects.toThrow(TypeError);
    await expect(renaming).rejects.toThrow(
      new RegExp(
        `^users.updateUsername\\(\\): (the )?${argument} must be a text without NUL .*, not ${what}$`,
      ),
    );
    expect(await users.findById(user.id)).toEqual(user);
  });

  test('gives a user the longest name that logs in, and refuses a longer one or an invisible one with 400', async () => {
    const users = store();
    const { id, username } = await created(users);
    const longest = Array.from({ length: 254 }, (_, at) => String.fromCodePoint(0x20000 + 71 * at)).join('');
    for (const next of [`${longest}x`, 'an\u200bn', 'ann\u2800']) {
      await expect(users.updateUsername(id, next, username)).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
        status: 400,
        errors: [expect.objectContaining({ path: 'username' })],
      });
    }
    expect(await users.updateUsername(id, longest, username)).toBe(true);
    expect(await users.findByUsername(longest)).toMatchObject({ id, username: longest });
    expect(await users.delete(id)).toBe(true);
  });

  test('keeps identities, credentials and a disabled flag of a renamed user', async () => {
    const users = store();
    const identity = { issuer: 'https://id.example', subject: `subject ${++count}` };
    const { id, username } = await users.findOrCreate(identity, { username: `Bob-${count}`, roles: ['a'] });
    await users.credentials().add({ userId: id, kind: 'totp', id: `of ${id}`, data: 'sealed' });
    await users.update(id, { disabled: true });
    expect(await users.updateUsername(id, `Rob-${count}`, username)).toBe(true);
    const expected = { id, username: `Rob-${count}`, roles: ['a'], disabled: true, passwordHash: null };
    expect(await users.findByIdentity(identity)).toEqual(expected);
    expect(await users.credentials().list(id)).toHaveLength(1);
  });

  test('deletes a renamed user, and both names are free again', async () => {
    const users = store();
    const { id, username } = await created(users);
    const next = `Next-${count}`;
    await users.updateUsername(id, next, username);
    expect(await users.delete(id)).toBe(true);
    expect(await users.updateUsername(id, username, next)).toBe(false);
    for (const name of [username, next]) await users.create({ username: name, passwordHash: null });
  });
});

test('a user whose name is from before the rule on invisible characters can be renamed', async () => {
  const old = 'A\u200bnn';
  await database.pool.query('INSERT INTO visa_users (username, username_key) VALUES ($1, $2)', [
    old,
    usernameKey(old),
  ]);
  const { id } = (await postgres.findByUsername(old)) as StoredUser;
  expect(await postgres.updateUsername(id, 'Ann without', old)).toBe(true);
  expect(await postgres.findByUsername(old)).toBeUndefined();
});

test('two stores with pools of their own, as in two processes, give a name to only one user', async () => {
  const pools = [1, 2].map(() => new Pool({ connectionString: database.url }));
  try {
    const stores = pools.map((pool) => new PostgresUserStore(pool));
    const asking = Array.from({ length: 10 }, async (_, n) => ({
      user: await created(postgres),
      store: stores[n % 2] as PostgresUserStore,
    }));
    const results = await Promise.allSettled(
      (await Promise.all(asking)).map(({ user, store }) =>
        store.updateUsername(user.id, 'wanted', user.username),
      ),
    );
    const outcomes = results.map((each) =>
      each.status === 'fulfilled' ? each.value : (each.reason as { code: string }).code,
    );
    expect(outcomes.sort()).toEqual([...Array<string>(9).fill('USERNAME_TAKEN'), true]);
  } finally {
    await Promise.all(pools.map((pool) => pool.end()));
  }
});

test('two users who try to exchange their names at once keep their own', async () => {
  const [ann, bob] = [await created(postgres), await created(postgres)];
  const results = await Promise.allSettled([
    postgres.updateUsername(ann.id, bob.username, ann.username),
    postgres.updateUsername(bob.id, ann.username, bob.username),
  ]);
  for (const result of results)
    expect(result).toMatchObject({
      status: 'rejected',
      // When each waits for the other, the wait ends as in an outage.
      reason: { code: expect.stringMatching(/^(USERNAME_TAKEN|SERVICE_UNAVAILABLE)$/) as string },
    });
  expect(await postgres.findByUsername(ann.username)).toEqual(ann);
  expect(await postgres.findByUsername(bob.username)).toEqual(bob);
});

describe('a rename in an outage is SERVICE_UNAVAILABLE', () => {
  test('while another transaction has locked the user', async () => {
    const { id, username } = await created(postgres);
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM visa_users WHERE id = $1 FOR UPDATE', [id]);
      const renaming = postgres.updateUsername(id, `next ${id}`, username);
      await expect(renaming).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    } finally {
      await client.end();
    }
    expect(await postgres.findById(id)).toMatchObject({ username });
  });

  test('while the server is not there', async () => {
    const pool = new Pool({ host: '127.0.0.1', port: 1 });
    const renaming = new PostgresUserStore(pool).updateUsername('id', 'next', 'previous');
    await expect(renaming).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 2 });
    await pool.end();
  });
});

describe('what updateUsername of a store of the app may return', () => {
  class AccountStore extends MapUserStore {
    readonly calls: unknown[][] = [];
    constructor(readonly answer: unknown) {
      super();
    }
    override findById = (id: unknown) =>
      Promise.resolve({ id, username: 'ann', passwordHash: null, roles: [] } as unknown as StoredUser);
    override updateUsername = (...args: unknown[]) => {
      this.calls.push(args);
      return Promise.resolve(this.answer as boolean);
    };
  }

  test.each<[answer: unknown, renamed: boolean]>([
    [true, true],
    [1, true],
    [false, false],
    [0, false],
  ])('%j means %j', async (answer, renamed) => {
    expect(await checkedUsers(new AccountStore(answer)).updateUsername?.('1', 'bob', 'ann')).toBe(renamed);
  });

  test.each<[answer: unknown, what: string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    [2, 'a number'],
    ['1', 'a text'],
    [{ rowCount: 1 }, 'an object'],
  ])('%j is a TypeError that names the store and the method', async (answer, what) => {
    const renaming = checkedUsers(new AccountStore(answer)).updateUsername?.('1', 'bob', 'ann');
    await expect(renaming).rejects.toThrow(
      new TypeError(
        `AccountStore.updateUsername() returned ${what}: it must return whether it replaced the username`,
      ),
    );
  });

  test('the store gets the id as it has given it, and what it throws goes on', async () => {
    const store = new AccountStore(true);
    const users = checkedUsers(store);
    await users.findById(7);
    await users.updateUsername?.('7', 'bob', 'ann');
    expect(store.calls).toEqual([[7, 'bob', 'ann']]);
    const taken = checkedUsers(new MapUserStore());
    const [ann, bob] = [await created(taken), await created(taken)];
    await expect(taken.updateUsername?.(ann.id, bob.username, ann.username)).rejects.toMatchObject({
      code: 'USERNAME_TAKEN',
    });
  });

  test('a store without the method has none behind createAuth either', () => {
    const store = Object.assign(new MapUserStore(), { updateUsername: undefined });
    expect(checkedUsers(store as unknown as UserStore)).not.toHaveProperty('updateUsername');
  });
});
