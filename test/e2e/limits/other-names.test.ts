import { MemoryUserStore, type StoredUser } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { passwordHash, useLimitedApp } from '../../helpers/apps/limited-app';
import { expectFailure } from '../../helpers/failures';

/** Finds users as apps do over their own tables: by name or by address, and under a collation that folds accents. */
class FoldingStore extends MemoryUserStore {
  override async findByUsername(typed: string): Promise<StoredUser | undefined> {
    const name = typed
      .replace(/@example\.com$/, '')
      .normalize('NFD')
      .replace(/\p{M}/gu, '');
    return super.findByUsername(name);
  }
}

/** `rene` in other spellings, which all find the same user. */
const spellings = (count: number) =>
  Array.from({ length: count }, (_, index) => `re${'\u0301'.repeat(index + 1)}ne`);

const limited = useLimitedApp();
const { login } = limited;
let locked: unknown[];

beforeEach(async () => {
  const users = new FoldingStore();
  for (const username of ['rene', 'ann']) await users.create({ username, passwordHash });
  await limited.open({ users, limits: { address: false, username: { failures: 3 } } });
  locked = [];
  limited.testApp.auth.events.on('locked', (event) => locked.push(event));
});

const wrong = (names: string[]) => Promise.all(names.map((name) => login(name, 'wrong')));

test.each<[string, () => string[]]>([
  ['an address in two cases', () => ['rene@example.com', 'RENE@example.com', 'Rene@example.com']],
  ['an address and spellings', () => ['rene@example.com', ...spellings(2)]],
  ['three spellings', () => spellings(3)],
])('all other names of a user share one count of failures: %s', async (_what, names) => {
  for (const name of names()) expectFailure(await login(name, 'wrong'), 'INVALID_CREDENTIALS');
  // No other name gets another guess.
  expectFailure(await login('re\u0300ne@example.com', PASSWORD), 'INVALID_CREDENTIALS');
  expect(locked).toMatchObject([{ limit: 'username', key: 'rene' }]);
  // The user gets in by the own name, and so does every other user by any name.
  expect((await login('rene', PASSWORD)).status).toBe(200);
  expect((await login('ann@example.com', PASSWORD)).status).toBe(200);
});

test('of many spellings that come at once, no more than the limit are compared with the password', async () => {
  for (const answer of await wrong(spellings(8))) expectFailure(answer, 'INVALID_CREDENTIALS');
  expect(locked.length).toBe(5);
});

test('another name of a locked user is answered as a name that nobody has', async () => {
  await wrong(spellings(3));
  const [hers, nobodys] = [
    await login('rene@example.com', PASSWORD),
    await login('nobody@example.com', PASSWORD),
  ];
  expect([hers.status, hers.body]).toEqual([nobodys.status, nobodys.body]);
  expect(Object.keys(hers.headers).sort()).toEqual(Object.keys(nobodys.headers).sort());
});

test('guesses at one name make no other name wait, which would tell that both have the same user', async () => {
  // Names in the place of %, in this order.
  const order = ['%@example.com', '%@example.com', '%@example.com', '%@example.com', '%', '%\u0301', '%'];
  const answers = async (name: string) => {
    const statuses = [];
    for (const typed of [...order, ...order])
      statuses.push((await login(typed.replace('%', name), 'wrong')).status);
    return statuses;
  };
  const nobodys = await answers('nobody');
  expect(nobodys).toContain(429);
  expect(await answers('rene')).toEqual(nobodys);
});

test('a success by another name resets the count of the other names', async () => {
  await wrong(spellings(2));
  expect((await login('rene@example.com', PASSWORD)).status).toBe(200);
  await wrong(spellings(2));
  expect((await login('RENE@example.com', PASSWORD)).status).toBe(200);
});
