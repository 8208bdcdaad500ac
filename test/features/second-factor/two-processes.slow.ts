import { PASSWORD } from '../../helpers/apps/app';
import { appDatabase } from '../../helpers/apps/app-database';
import { useAppProcesses } from '../../helpers/apps/app-processes';
import { randomPrefix } from '../../helpers/apps/backends';
import { postJson } from '../../helpers/post-json';
import { Authenticator, FACTOR_KEY, FactorClock } from './factor-app';

const [sessions = ''] = appDatabase.sessionStores;
const processes = useAppProcesses({ FACTOR_KEY });
const REQUESTS = 200;
let addresses: string[];
let passwordHash: string;

beforeAll(async () => {
  const keyPrefix = randomPrefix();
  addresses = await Promise.all([1, 2].map(() => processes.start(sessions, keyPrefix)));
  const hashed = await fetch(`${addresses[0]}/own/hash`, postJson({ password: PASSWORD }));
  ({ passwordHash } = (await hashed.json()) as { passwordHash: string });
});

interface Answer {
  status: number;
  body: { code?: string; challenge?: string; accessToken?: string; id?: string; uri?: string };
}

/** Of many requests, each process gets every other one. */
async function post(
  path: string,
  body: object,
  at = 0,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const init = postJson(body);
  const response = await fetch(`${addresses[at % 2]}/auth${path}`, {
    ...init,
    headers: { ...init.headers, ...headers },
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

const login = (username: string, at = 0) =>
  post('/login', { username, password: PASSWORD, transport: 'body' }, at);
const inParallel = <T>(count: number, work: (at: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, at) => work(at)));
const challengeOf = async (username: string, at = 0) => (await login(username, at)).body.challenge as string;

/** Counts answers by code, or by status where they have none. */
function counted(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const name = body.code ?? String(status);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

async function enrolled(username: string): Promise<Authenticator> {
  const users = processes.database.users();
  await users.create({ username, passwordHash });
  const bearer = { Authorization: `Bearer ${(await login(username)).body.accessToken}` };
  const { body } = await post('/factors/totp', {}, 0, bearer);
  const authenticator = new Authenticator(body as { id: string; uri: string }, new FactorClock());
  const confirmation = { id: authenticator.id, code: authenticator.code() };
  expect((await post('/factors/totp/confirm', confirmation, 1, bearer)).status).toBe(200);
  return authenticator;
}

test('of 200 parallel uses of one right code in two processes, one begins a session', async () => {
  const authenticator = await enrolled('ann');
  // Each challenge has five tries, so all of the requests could be judged.
  const challenges = await inParallel(REQUESTS / 5, (at) => challengeOf('ann', at));
  const code = authenticator.nextCode();
  const answers = await inParallel(REQUESTS, (at) =>
    post('/login/second-factor', { code, challenge: challenges[at % challenges.length] }, at),
  );
  expect(counted(answers)).toMatchObject({ 200: 1, INVALID_SECOND_FACTOR: expect.any(Number) as number });
  expect(counted(answers)).not.toHaveProperty('SERVICE_UNAVAILABLE');
});

test('of 200 parallel guesses with one challenge in two processes, five are judged', async () => {
  const authenticator = await enrolled('bob');
  const challenge = await challengeOf('bob');
  const code = authenticator.wrongCode();
  const answers = await inParallel(REQUESTS, (at) => post('/login/second-factor', { code, challenge }, at));
  expect(counted(answers)).toEqual({ INVALID_SECOND_FACTOR: 5, FLOW_STATE_INVALID: REQUESTS - 5 });
});
