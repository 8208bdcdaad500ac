import { PASSWORD } from '../../helpers/apps/app';
import { appDatabase } from '../../helpers/apps/app-database';
import { useAppProcesses } from '../../helpers/apps/app-processes';
import { randomPrefix } from '../../helpers/apps/backends';
import type { SoftwarePasskey } from '../../helpers/browsers/software-authenticator';
import { postJson } from '../../helpers/post-json';
import { newPasskey, ORIGIN } from '../passkeys/passkey-app';
import { Authenticator, FACTOR_KEY, FactorClock } from './factor-app';

const processes = useAppProcesses({ FACTOR_KEY, PASSKEY_ORIGIN: ORIGIN });

interface Answer {
  status: number;
  body: {
    code?: string;
    accessToken?: string;
    challenge?: string;
    challengeId?: string;
    recoveryCodes?: string[];
    recoveryCodesLeft?: number;
    factors?: object[];
  };
}

/** What the process does last. */
interface Step {
  store: 'users' | 'refreshTokens';
  part?: 'credentials' | 'oneTimeTokens';
  method: string;
  calls: number;
}

/** A factor that a user is about to have. */
interface NewFactor {
  /** Sends the request that adds it. */
  add(address: string): Promise<Answer>;
  /** Logs in by it, when the password was right. */
  logIn(address: string, challenge: string): Promise<Answer>;
}

const credentials = (method: string, calls = 1): Step => ({
  store: 'users',
  part: 'credentials',
  method,
  calls,
});
const revoked: Step = { store: 'refreshTokens', method: 'revokeAll', calls: 1 };
const taken: Step = { store: 'refreshTokens', part: 'oneTimeTokens', method: 'take', calls: 1 };

const KINDS: [kind: string, begin: typeof beginTotp, steps: [after: string, step: Step][]][] = [
  [
    'an authenticator app',
    beginTotp,
    [
      ['it is stored', credentials('add')],
      ['it is a factor', credentials('add', 2)],
      ['it is settled', credentials('replace')],
      ['other sessions have ended', revoked],
      ['the recovery codes are stored', credentials('replace', 2)],
      ['it is kept', credentials('replace', 3)],
      ['the enrolment is taken', taken],
    ],
  ],
  [
    'a passkey',
    beginPasskey,
    [
      ['the challenge is taken', taken],
      ['it is stored', credentials('add')],
      ['it is a factor', credentials('add', 2)],
      ['it is settled', credentials('replace')],
      ['other sessions have ended', revoked],
      ['the recovery codes are stored', credentials('replace', 2)],
      ['it is finished', credentials('replace', 3)],
    ],
  ],
];

describe.each(appDatabase.sessionStores)('with sessions in %s', (store) => {
  const prefix = randomPrefix();
  let other: string;
  let passwordHash: string;

  beforeAll(async () => {
    other = await processes.start(store, prefix);
    const hashed = await fetch(`${other}/own/hash`, postJson({ password: PASSWORD }));
    ({ passwordHash } = (await hashed.json()) as { passwordHash: string });
  });

  const logIn = (username: string) =>
    call(other, '/login', { body: { username, password: PASSWORD, transport: 'body' } });

  describe.each(KINDS)('the user whose first factor is %s', (kind, begin, steps) => {
    test.each(
      steps.flatMap(([after, step]) =>
        [false, true].map((isRepeated): [string, string, Step, boolean] => [
          isRepeated ? 'sends the same again, and then ' : '',
          after,
          step,
          isRepeated,
        ]),
      ),
    )(
      '%slogs in, gets recovery codes and adds another, though the process was killed when %s',
      async (_again, after, step, isRepeated) => {
        const username = `${kind}, ${after}, ${isRepeated}, ${store}`.replaceAll(/\W+/g, '-');
        await processes.database.users().create({ username, passwordHash });
        const { accessToken = '' } = (await logIn(username)).body;
        const dying = await processes.start(store, prefix);
        const factor = await begin(other, accessToken);
        await fetch(`${dying}/own/kill-after`, postJson(step));
        await expect(factor.add(dying)).rejects.toThrow('fetch failed');

        if (isRepeated) expect([200, 201, 401]).toContain((await factor.add(other)).status);
        const first = await logIn(username);
        const isThere = first.status === 401;
        if (isThere) expect(first.body.code).toBe('SECOND_FACTOR_REQUIRED');
        const login = isThere ? await factor.logIn(other, first.body.challenge ?? '') : first;
        expect([after, login.status]).toEqual([after, 200]);
        const token = login.body.accessToken ?? '';

        if (isThere) {
          // Whoever got no codes, because the answer got lost, asks for new ones.
          const renewed = await call(other, '/factors/recovery-codes', { token, body: {} });
          expect(renewed.body.recoveryCodes).toHaveLength(10);
        }
        for (const next of [beginTotp, beginPasskey]) {
          const added = await (await next(other, token)).add(other);
          expect([200, 201]).toContain(added.status);
          // The first factor has ended the session's right to add another by a password alone.
          if (!isThere) break;
        }
        const list = await call(other, '/factors', { token, method: 'GET' });
        expect([list.body.factors?.length, list.body.recoveryCodesLeft]).toEqual([isThere ? 3 : 1, 10]);
      },
      60_000,
    );
  });
});

async function call(
  address: string,
  path: string,
  { body, token, method = 'POST' }: { body?: object; token?: string; method?: string },
): Promise<Answer> {
  const init = body ? postJson(body) : { headers: {} };
  const headers = { ...init.headers, ...(token !== undefined && { Authorization: `Bearer ${token}` }) };
  const response = await fetch(`${address}/auth${path}`, { ...init, method, headers });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

async function beginTotp(at: string, token: string): Promise<NewFactor> {
  const { body } = await call(at, '/factors/totp', { token, body: {} });
  const app = new Authenticator(body as { id: string; uri: string }, new FactorClock());
  const confirmation = { id: app.id, code: app.code() };
  return {
    add: (address) => call(address, '/factors/totp/confirm', { token, body: confirmation }),
    logIn: (address, challenge) =>
      call(address, '/login/second-factor', { body: { challenge, code: app.nextCode() } }),
  };
}

async function beginPasskey(at: string, token: string): Promise<NewFactor> {
  const passkey = newPasskey();
  const { body } = await call(at, '/passkeys/options', { token, body: { transport: 'body' } });
  const credential = passkey.create(body as Parameters<SoftwarePasskey['create']>[0]);
  const registration = { credential, challengeId: body.challengeId };
  return {
    add: (address) => call(address, '/passkeys', { token, body: registration }),
    async logIn(address, challenge) {
      const options = { challenge, transport: 'body' };
      const { body: asked } = await call(address, '/login/passkey/options', { body: options });
      const answer = passkey.get(asked as Parameters<SoftwarePasskey['get']>[0]);
      const body = { challenge, credential: answer, challengeId: asked.challengeId };
      return call(address, '/login/second-factor', { body });
    },
  };
}
