import { MemoryUserStore, PostgresUserStore } from '../../src/index';
import { en } from '../../src/messages/en';
import { createDatabase, type TestDatabase } from '../helpers/apps/backends';

/** App code passes on what a stranger has sent: an admin's search, a forgotten password. */
const UNKEEPABLE = ['a\0b', '\0', '\ud800', 'x\udc00y'];
const IDENTITY = { issuer: 'https://id.example', subject: 'ann' };

let database: TestDatabase;
let postgres: PostgresUserStore;
beforeAll(async () => {
  database = await createDatabase();
  postgres = new PostgresUserStore(database.pool);
  await postgres.migrate();
  // Encoded as UTF-8, each lone surrogate becomes this character.
  await postgres.create({ username: 'x\ufffdy', passwordHash: null });
});
afterAll(() => database.close());

describe.each([
  ['PostgresUserStore', () => postgres],
  ['MemoryUserStore', () => new MemoryUserStore()],
])('%s', (_name, store) => {
  test.each(UNKEEPABLE)('finds no user by %j, which no database can keep', async (text) => {
    const users = store();
    expect(await users.findByUsername(text)).toBeUndefined();
    expect(await users.findById(text)).toBeUndefined();
    expect(await users.updatePasswordHash(text, 'hash', null)).toBe(false);
  });

  test.each(UNKEEPABLE)('refuses the id %j where it changes a user', async (text) => {
    const users = store();
    const refused = { name: 'TypeError', message: expect.stringContaining('without NUL') as string };
    await expect(users.update(text, { disabled: true })).rejects.toMatchObject(refused);
    await expect(users.delete(text)).rejects.toMatchObject(refused);
    await expect(users.link(text, IDENTITY)).rejects.toMatchObject(refused);
    await expect(users.unlink(text, IDENTITY)).rejects.toMatchObject(refused);
    await expect(users.listIdentities(text)).rejects.toMatchObject(refused);
  });

  test('keeps the longest name that logs in, and refuses a longer one with 400', async () => {
    const users = store();
    const longest = Array.from({ length: 254 }, (_, at) => String.fromCodePoint(0x20000 + 71 * at)).join('');
    expect(await users.create({ username: longest, passwordHash: null })).toMatchObject({
      username: longest,
    });
    const message = en.tooLong.replace('{count}', '254');
    const refused = { status: 400, errors: [expect.objectContaining({ path: 'username', message })] };
    const username = `${longest}x`;
    await expect(users.create({ username, passwordHash: null })).rejects.toMatchObject(refused);
    await expect(users.findOrCreate(IDENTITY, { username })).rejects.toMatchObject(refused);
  });
});

test.each(UNKEEPABLE)('a page of users after %j is refused', async (after) => {
  await expect(postgres.list({ after })).rejects.toThrow('users.list(): after must be a text without NUL');
});
