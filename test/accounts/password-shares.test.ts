import { PasswordHasher } from '../../src/accounts/password-hasher';
import type { AuthError } from '../../src/index';

/** bcrypt's lowest: how long a hash takes doesn't matter here. */
const COST = 4;
const OFFICE = { ip: '192.0.2.1', userAgent: 'a browser' };
const ELSEWHERE = { ip: '198.51.100.1', userAgent: undefined };

const announce = jest.fn<void, [string, () => object]>();
let hasher: PasswordHasher;
beforeEach(() => {
  announce.mockClear();
  hasher = new PasswordHasher(COST, 'prehash', { announce });
});
afterEach(() => hasher.close());

const many = (count: number, ask: (index: number) => Promise<unknown>) =>
  Promise.allSettled(Array.from({ length: count }, (_, index) => ask(index)));
const errorsOf = (results: PromiseSettledResult<unknown>[]) =>
  results.flatMap((result) => (result.status === 'rejected' ? [result.reason as AuthError] : []));

test('one address gets 429 for more than its share of the queue, and an address elsewhere is served', async () => {
  const crowd = many(200, () => hasher.verify('x', null, OFFICE));
  expect(await hasher.verify('x', null, ELSEWHERE)).toMatchObject({ matches: false });
  const errors = errorsOf(await crowd);
  expect(errors.length).toBeGreaterThan(0);
  for (const error of errors)
    expect(error).toMatchObject({ code: 'TOO_MANY_ATTEMPTS', status: 429, retryAfterSeconds: 5 });
  expect(announce).toHaveBeenCalledTimes(errors.length);
  const [name, details] = announce.mock.calls[0] ?? [];
  expect([name, details?.()]).toEqual([
    'locked',
    {
      limit: 'hashing',
      key: '192.0.2.1',
      retryAfterSeconds: 5,
      userId: undefined,
      sessionId: undefined,
      ...OFFICE,
    },
  ]);
});

test('a user whose id looks like an address has a share of their own', async () => {
  const user = { ...ELSEWHERE, userId: OFFICE.ip, sessionId: 'one' };
  const crowd = many(60, () => hasher.verify('x', null, OFFICE));
  expect(await hasher.verify('x', null, user)).toMatchObject({ matches: false });
  await crowd;
});

test('all addresses of an IPv6 /64 share one share', async () => {
  const crowd = await many(200, (n) => hasher.verify('x', null, { ...OFFICE, ip: `2001:db8:1:2::${n}` }));
  expect(errorsOf(crowd)[0]).toMatchObject({ code: 'TOO_MANY_ATTEMPTS' });
});

test.each([
  ['an IPv6 /48', (n: number) => `2001:db8:1:${n}::1`],
  ['an IPv4 /24', (n: number) => `192.0.2.${n}`],
])('a crowd from all over %s leaves a place to an address elsewhere', async (_network, ipOf) => {
  const crowd = many(200, (n) => hasher.verify('x', null, { ...OFFICE, ip: ipOf(n) }));
  expect(await hasher.verify('x', null, ELSEWHERE)).toMatchObject({ matches: false });
  expect(errorsOf(await crowd)).not.toEqual([]);
});

test('one user gets 429 for more than their share, from however many addresses', async () => {
  const crowd = await many(80, (n) =>
    hasher.hash('x', { ...OFFICE, ip: `192.0.2.${n}`, userId: 'ann', sessionId: 'one' }),
  );
  expect(errorsOf(crowd).length).toBeGreaterThan(0);
  expect(announce.mock.calls[0]?.[1]()).toMatchObject({ limit: 'hashing', key: 'ann', userId: 'ann' });
});

test('when more addresses come than the queue has places, the last ones get 503', async () => {
  const crowd = await many(200, (n) => hasher.verify('x', null, { ...OFFICE, ip: `192.0.2.${n}` }));
  const errors = errorsOf(crowd);
  expect(errors.length).toBeGreaterThan(0);
  for (const error of errors)
    expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', status: 503, retryAfterSeconds: 5 });
  expect(announce).not.toHaveBeenCalled();
});
