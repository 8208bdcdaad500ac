import * as bcrypt from 'bcryptjs';
import { Piscina } from 'piscina';
import { PasswordHasher } from '../../src/accounts/password-hasher';
import work, { type PasswordTask } from '../../src/accounts/password-worker';

jest.mock('bcryptjs', () => {
  const actual = jest.requireActual<typeof bcrypt>('bcryptjs');
  return { ...actual, compareSync: jest.fn(actual.compareSync) };
});

/** bcrypt's lowest. */
const COST = 4;
const hashWith = (cost: number) => bcrypt.hashSync('right', cost);

/** How many rounds of bcrypt the thread makes for these tasks. */
function roundsOf(tasks: readonly PasswordTask[]): number {
  const compare = jest.mocked(bcrypt.compareSync);
  compare.mockClear();
  for (const task of tasks) work(task);
  return compare.mock.calls.reduce((rounds, [, hash]) => rounds + 2 ** Number(hash.slice(4, 6)), 0);
}

describe('a login that fails', () => {
  let hasher: PasswordHasher;
  const handedOver = jest.spyOn(Piscina.prototype, 'run');
  beforeEach(() => (hasher = new PasswordHasher(COST)));
  afterEach(() => hasher.close());

  async function roundsFor(stored: string | null, password = 'wrong'): Promise<number> {
    handedOver.mockClear();
    expect((await hasher.verify(password, stored)).matches).toBe(false);
    return roundsOf(handedOver.mock.calls.map(([task]) => task as PasswordTask));
  }

  test.each([COST + 1, COST + 2])(
    'makes as many rounds for an unknown user as for one whose hash has cost %d, once that hash was seen',
    async (cost) => {
      expect(await roundsFor(null)).toBe(2 ** COST);
      const slowest = await roundsFor(hashWith(cost));
      expect(slowest).toBe(2 ** cost);
      const others = [
        null,
        '',
        'x',
        hashWith(COST),
        hashWith(COST + 1),
        await hasher.hash('long'.repeat(30)),
      ];
      for (const stored of others) expect(await roundsFor(stored)).toBe(slowest);
      // Both forms of a password are compared.
      for (const stored of [null, hashWith(COST), hashWith(cost)])
        expect(await roundsFor(stored, 'cafe\u0301')).toBe(2 * slowest);
    },
  );

  test('makes no more rounds because of a hash that is more than four times as slow as new ones', async () => {
    expect(await roundsFor(hashWith(COST + 3))).toBe(2 ** (COST + 3));
    for (const stored of [null, hashWith(COST)]) expect(await roundsFor(stored)).toBe(2 ** COST);
  });
});

test('new hashes have the configured cost, whatever was seen', async () => {
  const hasher = new PasswordHasher(COST);
  await hasher.verify('wrong', hashWith(COST + 2));
  expect(await hasher.hash('right')).toMatch(/^\$2b\$04\$/);
  await hasher.close();
});
