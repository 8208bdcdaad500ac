import { MemoryUserStore, PostgresUserStore } from '../../../src/index';
import { en } from '../../../src/messages/en';
import { createTestApp, PASSWORD, type TestApp } from '../../helpers/apps/app';
import { createDatabase, type TestDatabase } from '../../helpers/apps/backends';
import { quickHash } from '../../helpers/apps/quick-passwords';
import { expectFailure } from '../../helpers/failures';

/** A twin of `admin`: nobody sees the zero width space. */
const TWIN = 'adm\u200bin';
const FIELD = { path: 'username', message: 'must not contain invisible characters' };

let database: TestDatabase;
let users: PostgresUserStore;
let testApp: TestApp;
beforeAll(async () => {
  database = await createDatabase();
  users = new PostgresUserStore(database.pool);
  await users.migrate();
  await users.create({ username: 'admin', passwordHash: null, roles: ['admin'] });
  const options = { users, usernameField: 'email', limits: { register: false } } as const;
  testApp = createTestApp(options, (app, auth) => {
    app.post('/register', auth.register(), auth.errorHandler);
  });
});
afterAll(async () => {
  await testApp.auth.close();
  expect(testApp.unforeseen).toEqual([]);
  await database.close();
});

const body = { email: TWIN, password: PASSWORD };

test('POST /register refuses a name with an invisible character, and names the field', async () => {
  const response = await testApp.client().post('/auth/register').send(body);
  expectFailure(response, 'VALIDATION_FAILED', ['email']);
  expect(response.body.errors).toEqual([{ ...FIELD, path: 'email' }]);
  expect(await users.findByUsername(TWIN)).toBeUndefined();
});

test('a form of registration refuses it too', async () => {
  const response = await testApp.client().post('/register').type('form').send(body);
  expect([response.status, response.body]).toMatchObject([400, { errors: [{ ...FIELD, path: 'email' }] }]);
  expect(await users.findByUsername(TWIN)).toBeUndefined();
});

test('the text of the stores is the text of the router', () => {
  expect(FIELD.message).toBe(en.noInvisibleCharacters);
});

describe.each([
  ['PostgresUserStore', () => users],
  ['MemoryUserStore', () => new MemoryUserStore()],
])('%s', (_name, store) => {
  test('create and findOrCreate make no user with such a name', async () => {
    const refused = { code: 'VALIDATION_FAILED', status: 400, errors: [expect.objectContaining(FIELD)] };
    const identity = { issuer: 'https://id.example', subject: 'twin' };
    await expect(store().create({ username: TWIN, passwordHash: null })).rejects.toMatchObject(refused);
    await expect(store().findOrCreate(identity, { username: TWIN })).rejects.toMatchObject(refused);
    expect(await store().findByUsername(TWIN)).toBeUndefined();
    expect(await store().findByIdentity(identity)).toBeUndefined();
  });
});

describe('a user with such a name from before', () => {
  const name = 'old\u3164name\ufe0f';
  const identity = { issuer: 'https://id.example', subject: 'old' };
  let id: string;
  beforeAll(async () => {
    const insert = `INSERT INTO visa_users (username, username_key, password_hash) VALUES ($1, $1, $2) RETURNING id`;
    const { rows } = await database.pool.query<{ id: string }>(insert, [name, quickHash(PASSWORD)]);
    id = String(rows[0]?.id);
    await users.link(id, identity);
  });

  test('logs in as before, and by a provider too', async () => {
    const response = await testApp.client().post('/auth/login').send({ email: name, password: PASSWORD });
    expect(response.status).toBe(200);
    expect(response.body.user).toMatchObject({ id, username: name });
    expect(await users.findOrCreate(identity, { username: name })).toMatchObject({ id });
  });

  test('is nobody else: neither name opens the account of the other', async () => {
    const login = (email: string) => testApp.client().post('/auth/login').send({ email, password: PASSWORD });
    expectFailure(await login('oldname'), 'INVALID_CREDENTIALS');
    expect((await users.findByUsername('oldname'))?.id).toBeUndefined();
  });
});
