import { PostgresUserStore } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { useAppProcesses } from '../../helpers/apps/app-processes';
import { randomPrefix } from '../../helpers/apps/backends';
import { postJson } from '../../helpers/post-json';
import { type SoftwarePasskey } from '../../helpers/browsers/software-authenticator';
import { FACTOR_KEY } from '../second-factor/factor-app';
import { newPasskey, ORIGIN } from './passkey-app';

const processes = useAppProcesses({ FACTOR_KEY, PASSKEY_ORIGIN: ORIGIN });
const REQUESTS = 50;
let addresses: string[];
let passwordHash: string;

beforeAll(async () => {
  const keyPrefix = randomPrefix();
  addresses = await Promise.all([1, 2].map(() => processes.start('redis', keyPrefix)));
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
  await new PostgresUserStore(processes.database.pool).create({ username, passwordHash });
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
