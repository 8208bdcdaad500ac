import { PASSWORD } from '../../helpers/apps/app';
import { appDatabase } from '../../helpers/apps/app-database';
import { useAppProcesses } from '../../helpers/apps/app-processes';
import { randomPrefix } from '../../helpers/apps/backends';
import { postJson } from '../../helpers/post-json';
import { type SoftwarePasskey } from '../../helpers/browsers/software-authenticator';
import { FACTOR_KEY } from '../second-factor/factor-app';
import { newPasskey, ORIGIN } from './passkey-app';

const [sessions = ''] = appDatabase.sessionStores;
const processes = useAppProcesses({ FACTOR_KEY, PASSKEY_ORIGIN: ORIGIN });
const REQUESTS = 50;
const keyPrefix = randomPrefix();
let addresses: string[];
let passwordHash: string;

beforeAll(async () => {
  addresses = await Promise.all([1, 2].map(() => processes.start(sessions, keyPrefix)));
  const hashed = await fetch(`${addresses[0]}/own/hash`, postJson({ password: PASSWORD }));
  ({ passwordHash } = (await hashed.json()) as { passwordHash: string });
}, 60_000);

interface Answer {
  status: number;
  body: Record<string, unknown> & { code?: string; accessToken: string; challengeId: string };
}

/** Of many requests, each process gets every other one. */
async function post(path: string, body: object, at: number, token?: string): Promise<Answer> {
  const init = postJson(body);
  const headers = { ...init.headers, ...(token && { Authorization: `Bearer ${token}` }) };
  const response = await fetch(`${addresses[at % 2]}/auth${path}`, { ...init, headers });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

const BODY = { transport: 'body' };
const inParallel = <T>(work: (at: number) => Promise<T>) =>
  Promise.all(Array.from({ length: REQUESTS }, (_, at) => work(at)));

/** A user with one passkey, who is logged in by it. */
async function loggedIn(username: string): Promise<{ token: string; passkey: SoftwarePasskey }> {
  await processes.database.users().create({ username, passwordHash });
  const first = await post('/login', { username, password: PASSWORD, ...BODY }, 0);
  const passkey = newPasskey();
  const { body } = await post('/passkeys/options', BODY, 0, first.body.accessToken);
  const credential = passkey.create(body as never);
  const added = await post(
    '/passkeys',
    { credential, challengeId: body.challengeId },
    1,
    first.body.accessToken,
  );
  expect([added.status, added.body]).toEqual([201, expect.anything()]);
  const asked = await post('/login/passkey/options', BODY, 1);
  const { challengeId } = asked.body;
  const login = await post(
    '/login/passkey',
    { credential: passkey.get(asked.body as never), challengeId, ...BODY },
    0,
  );
  expect([login.status, login.body]).toEqual([200, expect.anything()]);
  return { token: login.body.accessToken, passkey };
}

test('of 50 parallel registrations in two processes, no user gets more than ten passkeys', async () => {
  const { token } = await loggedIn('ann');
  const asked = await inParallel((at) => post('/passkeys/options', BODY, at, token));
  const answers = await inParallel((at) => {
    const { body } = asked[at] as Answer;
    const credential = newPasskey().create(body as never);
    return post('/passkeys', { credential, challengeId: body.challengeId }, at, token);
  });
  const added = answers.filter(({ status }) => status === 201);
  for (const { body } of answers.filter((each) => !added.includes(each)))
    expect(body.code).toBe('TOO_MANY_FACTORS');
  const listed = await fetch(`${addresses[0]}/auth/factors`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  const { factors } = (await listed.json()) as { factors: object[] };
  expect(factors).toHaveLength(1 + added.length);
  expect(factors.length).toBeLessThanOrEqual(10);
}, 60_000);

test('of parallel uses of one answer for a login, a second step and a step-up, in two processes, one goes on', async () => {
  for (let round = 0; round < 5; round += 1) {
    const username = `bob-${round}`;
    const { token, passkey } = await loggedIn(username);
    const first = await post('/login', { username, password: PASSWORD, ...BODY }, round);
    const { challenge } = first.body as unknown as { challenge: string };
    const { body: options } = await post('/login/passkey/options', BODY, round);
    const answer = { credential: passkey.get(options as never), challengeId: options.challengeId };
    const uses = [
      (at: number) => post('/login/passkey', { ...answer, ...BODY }, at),
      (at: number) => post('/login/second-factor', { ...answer, challenge }, at),
      (at: number) => post('/reauthenticate', answer, at, token),
    ];
    const answers = await inParallel((at) => (uses[at % 3] as (typeof uses)[number])(at >> 1));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    for (const use of uses) expect((await use(round)).status).not.toBe(200);
  }
}, 60_000);

test('a registration whose process is killed half-way is finished by another process, with its recovery codes', async () => {
  const username = 'cid';
  const users = processes.database.users();
  const { id: userId } = await users.create({ username, passwordHash });
  const { accessToken } = (await post('/login', { username, password: PASSWORD, ...BODY }, 0)).body;
  const passkey = newPasskey();
  const { body: options } = await post('/passkeys/options', BODY, 0, accessToken);
  const answer = { credential: passkey.create(options as never), challengeId: options.challengeId };
  const kill = { store: 'refreshTokens', method: 'revokeAll', calls: 1 };
  const dying = await processes.start(sessions, keyPrefix);
  await fetch(`${dying}/own/kill-after`, postJson(kill));
  const init = postJson(answer);
  const headers = { ...init.headers, Authorization: `Bearer ${accessToken}` };
  await expect(fetch(`${dying}/auth/passkeys`, { ...init, headers })).rejects.toThrow();
  // The passkey is stored already, so a password alone does no more.
  expect((await post('/login', { username, password: PASSWORD, ...BODY }, 1)).body.code).toBe(
    'SECOND_FACTOR_REQUIRED',
  );
  const finished = await post('/passkeys', answer, 1, accessToken);
  expect([finished.status, finished.body]).toEqual([
    201,
    expect.objectContaining({ recoveryCodes: expect.any(Array) as string[] }),
  ]);
  const stored = await users.credentials().list(userId);
  expect(stored.map(({ kind }) => kind).sort()).toEqual(['passkey', 'recovery-codes']);
}, 60_000);

test('while a deployment is half-way, no process lets a user with a passkey in by the password alone', async () => {
  const { passkey } = await loggedIn('dan');
  const onlyFactor = await processes.start(sessions, keyPrefix, { FACTOR_KEY });
  const body = { username: 'dan', password: PASSWORD, ...BODY };
  // More at once would be too many attempts.
  const logins = await Promise.all(
    [...addresses, onlyFactor, onlyFactor].map(async (address) => {
      const response = await fetch(`${address}/auth/login`, postJson(body));
      const answer: unknown = await response.json();
      return [response.status, answer];
    }),
  );
  const needed = (...factors: string[]): unknown[] => [
    401,
    expect.objectContaining({ code: 'SECOND_FACTOR_REQUIRED', factors }),
  ];
  const [here, there] = [needed('passkey', 'recovery-code'), needed('recovery-code')];
  expect(logins).toEqual([here, here, there, there]);
  const asked = await fetch(`${onlyFactor}/auth/login/passkey/options`, postJson(BODY));
  expect(asked.status).toBe(404);
  const { body: options } = await post('/login/passkey/options', BODY, 0);
  const { challengeId } = options;
  const login = await post(
    '/login/passkey',
    { credential: passkey.get(options as never), challengeId, ...BODY },
    1,
  );
  expect(login.status).toBe(200);
}, 60_000);
