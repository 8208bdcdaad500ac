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

test.each<[string, () => string[]]>([
  [
    'a name and an address in turn',
    () => Array.from({ length: 3 }, (_, n) => (n % 2 ? 'rene' : 'rene@example.com')),
  ],
  ['three spellings', () => spellings(3)],
])('all names of a user share one count of failures: %s', async (_what, names) => {
  for (const name of names()) expectFailure(await login(name, 'wrong'), 'INVALID_CREDENTIALS');
  // The user's own name has to wait, and no other name gets another guess.
  expect((await login('rene', PASSWORD)).status).toBe(429);
  expectFailure(await login('re\u0300ne@example.com', PASSWORD), 'INVALID_CREDENTIALS');
  expect(locked).toMatchObject([
    { limit: 'username', key: 'rene' },
    { limit: 'username', key: 'rene' },
  ]);
  // No other user does.
  expect((await login('ann@example.com', PASSWORD)).status).toBe(200);
});

test('of many spellings that come at once, no more than the limit are compared with the password', async () => {
  const answers = await Promise.all(spellings(8).map((name) => login(name, 'wrong')));
  for (const answer of answers) expectFailure(answer, 'INVALID_CREDENTIALS');
  expect(locked.length).toBe(5);
});

test('another name of a locked user is answered as a name that nobody has', async () => {
  for (const name of spellings(3)) await login(name, 'wrong');
  const [hers, nobodys] = [
    await login('rene@example.com', PASSWORD),
    await login('nobody@example.com', PASSWORD),
  ];
  expect([hers.status, hers.body]).toEqual([nobodys.status, nobodys.body]);
  expect(Object.keys(hers.headers).sort()).toEqual(Object.keys(nobodys.headers).sort());
});

test('a success by another name resets the count of the user', async () => {
  for (const name of spellings(2)) await login(name, 'wrong');
  expect((await login('rene@example.com', PASSWORD)).status).toBe(200);
  for (const name of spellings(2)) await login(name, 'wrong');
  expect((await login('rene', PASSWORD)).status).toBe(200);
});
