import { randomUUID } from 'node:crypto';
import { MemoryRefreshTokenStore, MemoryUserStore } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { decodeToken } from '../../helpers/tokens/tokens';
import { factorApp, refused } from './factor-app';
import { FaultyStores, type Fault } from './faulty-stores';

/** More calls than any request makes. */
const MANY = 40;

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

/** Memory stores do as well as real ones: what fails is the call, whichever store it asks. */
const faultyApp = async () => {
  const faulty = new FaultyStores({
    users: new MemoryUserStore(),
    refreshTokens: new MemoryRefreshTokenStore(),
  });
  const factor = factorApp({ stores: faulty.stores, auth: { limits: { password: false } as never } });
  const ann = await factor.createUser(`ann-${randomUUID()}`);
  const enrolled = await factor.enrol(ann.username);
  const send = ({ accessToken }: Tokens, body: object, key?: string) => {
    const request = factor
      .client()
      .post('/auth/reauthenticate')
      .set('Authorization', `Bearer ${accessToken}`);
    return (key === undefined ? request : request.set('Idempotency-Key', key)).send(body);
  };
  const refresh = ({ refreshToken }: Tokens) => factor.client().post('/auth/refresh').send({ refreshToken });
  /** Tokens of a session that was not proved by a second factor. */
  const newTokens = async () => {
    const first = await factor.firstStep(factor.client(), ann.username, { transport: 'body' });
    const { challenge } = first.body as { challenge: string };
    const code = enrolled.authenticator.nextCode();
    return (await factor.secondStep(factor.client(), { code, challenge })).body as Tokens;
  };
  return { faulty, factor, send, refresh, newTokens, ...enrolled };
};

const amrOf = ({ accessToken }: Tokens) => decodeToken(accessToken).payload['amr'];

describe.each<Fault>(['before', 'after'])('an outage %s a call', (fault) => {
  test.each(['with a key', 'without a key'])(
    'of POST /reauthenticate, %s, is 503, and the same request again finishes it',
    async (what) => {
      const { faulty, factor, send, refresh, newTokens, authenticator, recoveryCodes } = await faultyApp();
      const outcomes = new Set<string>();
      let reached = false;
      for (let at = 0; at < MANY && !reached; at += 1)
        for (const kind of ['code', 'recoveryCode', 'password'] as const) {
          if (kind === 'recoveryCode' && recoveryCodes.length === 0) continue;
          const tokens = await newTokens();
          const proof = {
            code: () => ({ code: authenticator.nextCode() }),
            recoveryCode: () => ({ recoveryCode: recoveryCodes.shift() as string }),
            password: () => ({ password: PASSWORD }),
          }[kind]();
          const key = what === 'with a key' ? randomUUID() : undefined;
          faulty.failAt(at, fault);
          const first = await send(tokens, proof, key);
          const calls = [...faulty.calls];
          faulty.heal();
          if (first.status === 200) {
            reached ||= calls.length <= at;
            continue;
          }
          expect([first.status, first.body]).toEqual([503, refused('SERVICE_UNAVAILABLE')]);
          const again = await send(tokens, proof, key);
          const isLost = calls[at] === 'sessions.raise' && fault === 'after';
          // Without a key no one can tell a lost answer from a stolen code.
          if (isLost && key === undefined && kind !== 'password')
            expect(again.body).toEqual(refused('INVALID_SECOND_FACTOR'));
          else expect([calls[at], again.status]).toEqual([calls[at], 200]);
          outcomes.add(`${isLost ? 'lost' : 'not raised'}: ${again.status}`);
          if (again.status === 200) {
            const raised = again.body as Tokens;
            expect(amrOf(raised)).toEqual(
              { code: ['otp', 'mfa'], recoveryCode: ['rec', 'mfa'], password: ['pwd', 'mfa'] }[kind],
            );
            expect((await refresh(raised)).status).toBe(200);
          }
          if (kind !== 'password')
            expect((await send(await newTokens(), proof)).body).toEqual(refused('INVALID_SECOND_FACTOR'));
        }
      expect(reached).toBe(true);
      expect(outcomes).toContain('not raised: 200');
      if (fault === 'after' && what === 'with a key') expect(outcomes).toContain('lost: 200');
      await factor.auth.close();
    },
  );

  test('never raises a session without a proof, whichever calls fail from then on', async () => {
    const { faulty, factor, send, newTokens, authenticator } = await faultyApp();
    let reached = false;
    for (let at = 0; at < MANY && !reached; at += 1)
      for (const proof of [{ password: 'wrong' }, { code: authenticator.wrongCode() }]) {
        const tokens = await newTokens();
        faulty.failAt(at, fault, { onwards: true });
        const { status } = await send(tokens, proof);
        reached = faulty.calls.length <= at;
        const calls = [...faulty.calls];
        faulty.heal();
        expect([401, 503]).toContain(status);
        expect(calls).not.toContain('sessions.raise');
      }
    expect(reached).toBe(true);
    await factor.auth.close();
  });
});
