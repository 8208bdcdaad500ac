import { transformSync } from '@swc/core';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { TOTP } from 'otpauth';
import { UsernameTakenError, type AuthError, type IdentityStore, type UserStore } from '../../src';
import { credentialStoreContract, identityStoreContract, userStoreContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { eventually } from '../helpers/eventually';
import { useDocPage } from '../helpers/snippets';
import { MongoStandIn } from './mongoose/stand-in';
import { within } from '../helpers/within';

const page = useDocPage('docs/mongoose.md');
const HASH = `$2b$12$${'a'.repeat(53)}`;
/** In the page's snippets the package has its name; `evaluate` takes it from our sources. */
const FILES = { store: 'users.ts', identities: 'identities.ts', credentials: 'credentials.ts' };

interface Shown {
  Account: mongoose.Model<{ email: string; emailKey?: string; identities: string[] }>;
  AccountStore: new () => UserStore;
  FullAccountStore: new () => Required<UserStore> & IdentityStore;
  fillKeys(): Promise<void>;
}

const server = new MongoStandIn();
const unconnected = { name: 'AuthError', code: 'SERVICE_UNAVAILABLE' };
/** How long a call may take: a second on the page, and more in tests that are not about outages, for a busy machine. */
const timeLimit = { ms: 1000 };
let shown: Shown;
let store: Required<UserStore> & IdentityStore;

beforeAll(async () => {
  const withLimit = (code: string) => code.replace(', 1000);', ", require('time limit').ms);");
  const users = page.evaluate('store', { mongoose, 'time limit': timeLimit }, { edit: withLimit });
  const identities = page.evaluate('identities', { mongoose, './users.js': users });
  const credentials = page.evaluate('credentials', { mongoose, './identities.js': identities });
  const fill = page.evaluate('fill', { './users.js': users });
  shown = { ...users, ...credentials, ...fill } as unknown as Shown;
  store = new shown.FullAccountStore();
  await server.start();
});
afterAll(async () => {
  await mongoose.disconnect();
  await server.stop();
});

test('the types of the snippets are checked: test/libs/mongoose/ has the same code', () => {
  for (const [name, file] of Object.entries(FILES))
    expect(page.snippet(name)).toBe(readFileSync(join(__dirname, 'mongoose', file), 'utf8'));
});

test('before the app has connected, a call is a 503', async () => {
  await expect(store.findByUsername('ann')).rejects.toMatchObject(unconnected);
});

describe('connected', () => {
  beforeAll(async () => {
    await mongoose.connect(server.url, { autoIndex: false, serverSelectionTimeoutMS: 900 });
    timeLimit.ms = 20_000;
  });

  test('keys are filled in, and ready() says which indexes are missing', async () => {
    await expect(store.ready()).rejects.toThrow('await Account.createIndexes()');
    await shown.Account.insertMany([{ email: 'Zoë@example.com' }, { email: 'bob@example.com' }]);
    await shown.Account.createIndexes();
    await store.ready();
    expect(await store.findByUsername('ZOË@example.com')).toBeUndefined();
    await shown.fillKeys();
    expect(await store.findByUsername('ZOË@example.com')).toMatchObject({ username: 'Zoë@example.com' });
    await expect(store.create({ username: 'BOB@example.com', passwordHash: HASH })).rejects.toThrow(
      UsernameTakenError,
    );
  });

  describe('users', () => runContract(userStoreContract(() => store)));
  describe('identities', () => runContract(identityStoreContract(() => store)));
  describe('credentials', () =>
    runContract(credentialStoreContract(() => ({ users: store, credentials: store.credentials() }))));

  test('of 100 calls at once, one gets the name, one the identity, and one changes the password', async () => {
    const all = <T>(call: (n: number) => Promise<T>) =>
      Promise.allSettled(Array.from({ length: 100 }, (_, n) => call(n)));
    const created = await all((n) =>
      store.create({ username: n % 2 ? 'crowd' : 'CROWD', passwordHash: HASH }),
    );
    const [user] = created.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    for (const each of created)
      if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(UsernameTakenError);
    expect(created.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const changed = await all((n) => store.updatePasswordHash(user?.id ?? '', `${HASH}${n}`, HASH));
    expect(changed.filter((each) => each.status === 'fulfilled' && each.value)).toHaveLength(1);
    const identity = { issuer: 'https://id.example', subject: 'crowd' };
    const linked = await all(async (n) => {
      const { id } = await store.create({ username: `crowd${n}`, passwordHash: null });
      return store.link(id, identity);
    });
    expect(linked.filter((each) => each.status === 'fulfilled' && each.value)).toHaveLength(1);
  });

  test('ids of other kinds find nobody', async () => {
    for (const id of [
      '',
      '1',
      '__proto__',
      'twelve bytes',
      'z'.repeat(24),
      { $ne: null } as unknown as string,
    ]) {
      expect(await store.findById(id)).toBeUndefined();
      expect(await store.updatePasswordHash(id, HASH, HASH)).toBe(false);
      expect(await store.listIdentities(id)).toEqual([]);
    }
  });

  test('a frozen or a stopped server is a 503 within 2 seconds, and the store heals by itself', async () => {
    const { id } = await store.create({ username: 'outage', passwordHash: HASH });
    timeLimit.ms = 1000;
    const calls = (): Promise<unknown>[] => [
      store.findById(id),
      store.findByUsername('outage'),
      store.create({ username: 'outage 2', passwordHash: HASH }),
      store.updatePasswordHash(id, `${HASH}x`, HASH),
      store.ready(),
    ];
    const assertUnavailable = async () => {
      for (const call of await within(2000, () => Promise.allSettled(calls())))
        expect((call as PromiseRejectedResult).reason as AuthError).toMatchObject(unconnected);
    };
    const heals = () =>
      eventually('the store works again', async () => {
        const found = await store.findById(id).catch(() => undefined);
        return found?.id === id;
      });
    server.freeze();
    await assertUnavailable();
    server.thaw();
    await heals();
    await server.stop();
    await assertUnavailable();
    await server.start();
    await heals();
  });

  test('a mistake is no outage', async () => {
    const wrong = new shown.AccountStore();
    await expect(wrong.create({ username: 'x', passwordHash: {} as string })).rejects.toThrow(
      /Cast to string/,
    );
  });
});

test('the app of the page goes from register to logout, with a second factor too', async () => {
  page.linkLibraries();
  const asModule = (code: string) => code.replaceAll(/'(\.\/\w+)\.js'/g, "'$1.mjs'");
  for (const [name, file] of Object.entries(FILES)) {
    const { code } = transformSync(page.snippet(name), {
      jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
    });
    page.write(file.replace('.ts', '.mjs'), asModule(code).replace(', 1000);', ', 20000);'));
  }
  const edit = (app: string) =>
    asModule(app)
      .replace('Account, AccountStore }', 'Account }')
      .replace('createAuth }', 'createAuth, secondFactor }')
      .replace('new AccountStore()', 'new FullAccountStore()')
      .replace(
        'createAuth({',
        "createAuth({ features: [secondFactor({ issuer: 'x', key: process.env.FACTOR_KEY })],",
      )
      .concat("import { FullAccountStore } from './credentials.mjs';");
  const browse = await page.start(
    'app',
    { MONGODB_URL: server.url, FACTOR_KEY: randomBytes(48).toString('base64') },
    { edit },
  );
  const credentials = { email: 'Carl@example.com', password: 'correct horse 42' };
  const post = async (path: string, body?: object) => {
    const answer = await browse(path, { method: 'POST', ...(body && { body: JSON.stringify(body) }) });
    const { status } = answer;
    return { status, body: (await answer.json()) as Record<string, string> };
  };
  expect(await post('/auth/register', credentials)).toMatchObject({ status: 201 });
  expect(await post('/auth/register', credentials)).toMatchObject({
    status: 409,
    body: { code: 'USERNAME_TAKEN' },
  });
  expect(await post('/auth/login', credentials)).toMatchObject({ status: 200 });
  expect((await browse('/profile')).status).toBe(200);
  expect(await post('/auth/refresh')).toMatchObject({ status: 200 });
  const { id, secret = '' } = (await post('/auth/factors/totp')).body;
  const totp = new TOTP({ secret });
  expect(await post('/auth/factors/totp/confirm', { id, code: totp.generate() })).toMatchObject({
    status: 200,
  });
  expect(await post('/auth/logout')).toMatchObject({ status: 200 });
  expect((await browse('/profile')).status).toBe(401);
  expect(await post('/auth/login', credentials)).toMatchObject({ body: { code: 'SECOND_FACTOR_REQUIRED' } });
  const code = totp.generate({ timestamp: Date.now() + 30_000 });
  expect(await post('/auth/login/second-factor', { code })).toMatchObject({ status: 200 });
});
