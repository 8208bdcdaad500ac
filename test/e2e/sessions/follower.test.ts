import { MemoryRefreshTokenStore, type AuthEvent } from '../../../src/index';
import { MAX_ELSEWHERE } from '../../../src/sessions/rotate-session';
import { clearsCookies, createTestApp, setCookies, type TestApp } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';

type Tokens = Awaited<ReturnType<TestApp['tokensOf']>>;
interface From {
  ip: string;
  userAgent: string;
  key?: string;
}

const DAY_MS = 86_400_000;
const ACCESS_MS = 29 * 60_000;
const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0';
const HOME: From = { ip: '203.0.113.7', userAgent: CHROME };
const SAME_SUBSCRIBER: From = { ip: '2001:db8:1:2::1', userAgent: CHROME };

/** An app on a clock of its own: 29 days pass in a second. */
function openApp() {
  let nowMs = Date.parse('2026-11-02T08:00:00Z');
  const clock = () => nowMs;
  const app = createTestApp({ clock, refreshTokens: new MemoryRefreshTokenStore({ clock }) });
  const events: AuthEvent[] = [];
  app.auth.events.onAny((event) => events.push(event));
  return {
    app,
    eventsNamed: (name: string) => events.filter(({ type }) => type === name),
    pass: (ms: number) => (nowMs += ms),
    /** @returns the next pair, or the code of the refusal */
    async refresh({ refreshToken }: Tokens, { ip, userAgent, key }: From): Promise<Tokens | string> {
      try {
        return await app.auth.sessions.refresh(refreshToken, {
          ip,
          userAgent,
          ...(key && { idempotencyKey: key }),
        });
      } catch (error) {
        return (error as { code: string }).code;
      }
    },
  };
}

let site: ReturnType<typeof openApp>;
let login: Tokens;
beforeEach(async () => {
  site = openApp();
  const { id } = await site.app.register('ann');
  login = await site.app.auth.sessions.start(id, HOME);
});
afterEach(() => site.app.auth.close());

const ok = (answer: Tokens | string): Tokens => {
  if (typeof answer === 'string') throw new Error(`an honest refresh got ${answer}`);
  return answer;
};

/** A generator of random numbers that a seed repeats (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('a thief who follows every refresh of the user is found', () => {
  test.each<[string, From, 'user' | 'thief' | 'by turns']>([
    ['from another address', { ...HOME, ip: '198.51.100.9' }, 'user'],
    ['from another network of IPv6', { ip: '2001:db8:9:9::1', userAgent: CHROME }, 'user'],
    ['with another browser', { ...HOME, userAgent: FIREFOX }, 'user'],
    ['who sometimes comes first', { ...HOME, ip: '198.51.100.9' }, 'by turns'],
    ['who always comes first', { ...HOME, ip: '198.51.100.9' }, 'thief'],
  ])('%s', async (_how, from, first) => {
    let tokens = login;
    let generation = 0;
    let refusal: string | undefined;
    for (let passed = 0; passed < 29 * DAY_MS && refusal === undefined; passed += ACCESS_MS) {
      generation += 1;
      site.pass(ACCESS_MS);
      const thiefFirst = first === 'thief' || (first === 'by turns' && generation % 3 === 0);
      const order = thiefFirst ? [from, HOME] : [HOME, from];
      for (const each of order) {
        const answer = await site.refresh(tokens, each);
        if (typeof answer === 'string') refusal = answer;
        else if (each === order[1]) tokens = answer;
        site.pass(29_000);
      }
    }
    expect([refusal, generation]).toEqual(['REFRESH_TOKEN_REUSED', MAX_ELSEWHERE]);
    expect(site.eventsNamed('replayedElsewhere')).toMatchObject([{ generation: 1 }]);
    expect(site.eventsNamed('reuse')).toMatchObject([{ generation: MAX_ELSEWHERE }]);
    expect(await site.refresh(tokens, HOME)).toBe('SESSION_NOT_FOUND');
  });
});

describe('a client that sends two refreshes without an Idempotency-Key looks like a thief', () => {
  test.each<[string, (round: number) => [From, From]]>([
    [
      'when each connection has another address',
      (round) => [
        { ...HOME, ip: `198.51.100.${2 * round}` },
        { ...HOME, ip: `198.51.100.${2 * round + 1}` },
      ],
    ],
    ['when a server refreshes beside its browser', () => [{ ip: '192.0.2.80', userAgent: 'node' }, HOME]],
  ])('%s, at every refresh', async (_how, requests) => {
    let tokens: Tokens | string = login;
    let round = 0;
    for (; typeof tokens !== 'string' && round <= MAX_ELSEWHERE; round += 1) {
      site.pass(ACCESS_MS);
      const [first, second] = requests(round);
      ok(await site.refresh(tokens, first));
      tokens = await site.refresh(tokens, second);
    }
    expect([tokens, round]).toEqual(['REFRESH_TOKEN_REUSED', MAX_ELSEWHERE]);
  });
});

test('over HTTP the first replay with another browser is announced, and the last one gets 401 and no cookies', async () => {
  const { app } = site;
  let tokens = await app.tokensOf('ann');
  const send = (userAgent: string, { refreshToken }: Tokens) =>
    app
      .client()
      .post('/auth/refresh')
      .set('User-Agent', userAgent)
      .set('Cookie', `refreshToken=${refreshToken}`);
  for (let generation = 1; generation < MAX_ELSEWHERE; generation++) {
    await send(CHROME, tokens).expect(200);
    const answer = await send(FIREFOX, tokens).expect(200);
    tokens = { ...tokens, refreshToken: setCookies(answer)['refreshToken']?.value ?? '' };
  }
  await send(CHROME, tokens).expect(200);
  const last = await send(FIREFOX, tokens);
  expectFailure(last, 'REFRESH_TOKEN_REUSED');
  expect(clearsCookies(last)).toBe(true);
  const sessionId = expect.any(String) as string;
  const who = { userId: expect.any(String) as string, sessionId, userAgent: FIREFOX };
  expect(site.eventsNamed('replayedElsewhere')).toEqual([expect.objectContaining({ ...who, generation: 1 })]);
  expect(site.eventsNamed('reuse')).toEqual([expect.objectContaining({ ...who, generation: MAX_ELSEWHERE })]);
});

test('a thief behind the same address with the same browser is not found', async () => {
  let tokens = login;
  for (let generation = 1; generation <= 2 * MAX_ELSEWHERE; generation++) {
    site.pass(ACCESS_MS);
    await site.refresh(tokens, HOME);
    site.pass(29_000);
    tokens = ok(await site.refresh(tokens, HOME));
  }
  expect(site.eventsNamed('replayedElsewhere')).toEqual([]);
});

/** Where the requests of one exchange come from. What chance decides is tried for 29 days, and the rest for two. */
const HONEST: [string, 2 | 29, (random: () => number, round: number) => From[]][] = [
  ['two tabs race at every refresh', 2, () => [HOME, HOME]],
  [
    'a browser has addresses of IPv4 and IPv6, and its tabs race at every refresh',
    29,
    (random) => [random() < 0.5 ? HOME : SAME_SUBSCRIBER, random() < 0.5 ? HOME : SAME_SUBSCRIBER],
  ],
  [
    'a phone roams, and repeats one refresh in three from another network because the answer was lost',
    29,
    (random) => {
      const network = () => ({ ...HOME, ip: `198.51.100.${Math.floor(random() * 250)}` });
      return random() < 1 / 3 ? [network(), network()] : [network()];
    },
  ],
  [
    'every answer is lost, and the client sends the same Idempotency-Key from another network',
    2,
    (_random, round) => {
      const key = `attempt-${round}`;
      return [
        { ...HOME, key },
        { ...HOME, ip: '198.51.100.9', key },
      ];
    },
  ],
  ['every answer is lost, and the client asks again from its own address', 2, () => [HOME, HOME, HOME]],
  [
    'a browser updates itself all the time',
    2,
    (_random, round) => [{ ...HOME, userAgent: `Chrome ${round}` }],
  ],
  [
    'addresses of one IPv6 network change at every request',
    2,
    (_random, round) => [
      { ip: `2001:db8:1:2::${(2 * round).toString(16)}`, userAgent: CHROME },
      { ip: `2001:db8:1:2::${(2 * round + 1).toString(16)}`, userAgent: CHROME },
    ],
  ],
];

test.each(HONEST)('no one is logged out when %s (%i days)', async (_how, days, requests) => {
  const random = randomOf(20);
  let tokens = login;
  for (let passed = 0, round = 1; passed < days * DAY_MS; passed += ACCESS_MS, round += 1) {
    site.pass(ACCESS_MS);
    let next: Tokens | undefined;
    for (const from of requests(random, round)) {
      next = ok(await site.refresh(tokens, from));
      site.pass(100);
    }
    tokens = next as Tokens;
  }
  expect(site.eventsNamed('reuse')).toEqual([]);
  expect(site.eventsNamed('replayedElsewhere').length).toBeLessThanOrEqual(1);
});
