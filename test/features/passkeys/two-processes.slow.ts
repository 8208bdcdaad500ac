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
});

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
async function loggedIn(
  username: string,
  hash: string | null = passwordHash,
): Promise<{ token: string; passkey: SoftwarePasskey; recoveryCodes: string[] }> {
  const { id: userId } = await processes.database.users().create({ username, passwordHash: hash });
  const started = await fetch(`${addresses[0]}/own/start`, postJson({ userId }));
  const { accessToken } = (await started.json()) as Answer['body'];
  const passkey = newPasskey();
  const { body } = await post('/passkeys/options', BODY, 0, accessToken);
  const credential = passkey.create(body as never);
  const added = await post('/passkeys', { credential, challengeId: body.challengeId }, 1, accessToken);
  expect([added.status, added.body]).toEqual([201, expect.anything()]);
  const asked = await post('/login/passkey/options', BODY, 1);
  const { challengeId } = asked.body;
  const login = await post(
    '/login/passkey',
    { credential: passkey.get(asked.body as never), challengeId, ...BODY },
    0,
  );
  expect([login.status, login.body]).toEqual([200, expect.anything()]);
  const { recoveryCodes } = added.body as unknown as { recoveryCodes: string[] };
  return { token: login.body.accessToken, passkey, recoveryCodes };
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
  expect(factors).toHaveLength(10);
});

/** Sends DELETE to one of the processes. @returns the status */
async function remove(id: string, at: number, token: string): Promise<number> {
  const headers = { Authorization: `Bearer ${token}` };
  const response = await fetch(`${addresses[at % 2]}/auth/passkeys/${id}`, { method: 'DELETE', headers });
  return response.status;
}

/** The answers to challenges that a session has asked for, each of a new passkey. */
async function registrations(token: string, count: number) {
  const answers: { passkey: SoftwarePasskey; body: object }[] = [];
  for (let at = 0; at < count; at += 1) {
    const { body } = await post('/passkeys/options', BODY, at, token);
    const passkey = newPasskey();
    answers.push({
      passkey,
      body: { credential: passkey.create(body as never), challengeId: body.challengeId },
    });
  }
  return answers;
}

test('while the last passkey is removed and others are added, in two processes, no factor is without recovery codes that were shown', async () => {
  for (let round = 0; round < 5; round += 1) {
    const username = `eve-${round}`;
    const { token, passkey, recoveryCodes } = await loggedIn(username);
    const added = await registrations(token, 5);
    const [removals, additions] = await Promise.all([
      Promise.all([0, 1, 2, 3, 4].map((at) => remove(passkey.id, at, token))),
      Promise.all(added.map(({ body }, at) => post('/passkeys', body, at, token))),
    ]);
    expect(removals).toContain(204);
    expect(additions.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    const shown = additions.flatMap(({ body }) => (body['recoveryCodes'] as string[] | undefined) ?? []);
    expect([0, 10]).toContain(shown.length);
    const [recoveryCode] = shown.length > 0 ? shown : recoveryCodes;
    const { body } = await post('/login', { username, password: PASSWORD, ...BODY }, round);
    expect(body).toMatchObject({ factors: ['passkey', 'recovery-code'] });
    const step = await post('/login/second-factor', { recoveryCode, challenge: body['challenge'] }, round);
    expect(step.status).toBe(200);
  }
});

test('of 100 parallel removals of two passkeys in two processes, one stays where nothing else logs the user in', async () => {
  const username = 'fay';
  const { token, passkey } = await loggedIn(username, null);
  const [second] = await registrations(token, 1);
  expect((await post('/passkeys', second!.body, 0, token)).status).toBe(201);
  const statuses = await inParallel(async (at) => [
    await remove(passkey.id, at, token),
    await remove(second!.passkey.id, at + 1, token),
  ]);
  // Whether a request comes too late (404) or goes on with a removal that has begun (204) is a matter of time.
  expect([...new Set(statuses.flat())].filter((status) => status !== 404).sort()).toEqual([204, 409]);
  const users = processes.database.users();
  const { id: userId = '' } = (await users.findByUsername(username)) ?? {};
  const stored = await users.credentials().list(userId, 'passkey');
  expect(stored).toHaveLength(1);
  const left = [passkey, second!.passkey].find(({ id }) => id === stored[0]?.id) as SoftwarePasskey;
  const { body: options } = await post('/login/passkey/options', BODY, 0);
  const answer = { credential: left.get(options as never), challengeId: options.challengeId, ...BODY };
  expect((await post('/login/passkey', answer, 1)).status).toBe(200);
});

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
});

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
  expect(stored.map(({ kind }) => kind).sort()).toEqual(['factors', 'passkey']);
});

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
});
