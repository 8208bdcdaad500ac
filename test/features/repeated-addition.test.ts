import { randomUUID } from 'node:crypto';
import { AuthError, type StoredUser } from '../../src/index';
import { memoryStores } from '../helpers/apps/feature-stores';
import type { SoftwarePasskey } from '../helpers/browsers/software-authenticator';
import { newPasskey, passkeyApp, type PasskeyApp } from './passkeys/passkey-app';
import { Authenticator, type Browser } from './second-factor/factor-app';
import { FaultyStores } from './second-factor/faulty-stores';

let faulty: FaultyStores;
let app: PasskeyApp;
let ann: StoredUser;
let browser: Browser;

beforeEach(async () => {
  faulty = new FaultyStores(memoryStores());
  app = passkeyApp({ stores: faulty.stores, factor: true });
  ann = await app.createUser(`ann-${randomUUID()}`);
  browser = app.browser();
  await app.passwordLogin(browser, ann.username);
});
afterEach(() => app.auth.close());

/** @returns what sends the request that makes a credential a factor */
type Begin = () => Promise<() => Promise<[status: number, body: { recoveryCodes?: string[] }]>>;

const send = async (path: string, body: object) => {
  const answer = await browser.post(path).send(body);
  return [answer.status, answer.body as object] as [number, object];
};
const beginTotp: Begin = async () => {
  const { body } = await browser.post('/auth/factors/totp');
  const authenticator = new Authenticator(body as { id: string; uri: string }, app.clock);
  const confirmation = { id: authenticator.id, code: authenticator.code() };
  return () => send('/auth/factors/totp/confirm', confirmation);
};
const beginPasskey: Begin = async () => {
  const { body } = await browser.post('/auth/passkeys/options');
  const credential = newPasskey().create(body as Parameters<SoftwarePasskey['create']>[0]);
  return () => send('/auth/passkeys', { credential });
};

/** The factor is there, and so are the codes. */
async function expectSecondStep([recoveryCode]: string[] = []): Promise<void> {
  const other = app.browser();
  const asked = await app.passwordLogin(other, ann.username);
  expect([asked.status, asked.body]).toMatchObject([401, { code: 'SECOND_FACTOR_REQUIRED' }]);
  expect((await other.post('/auth/login/second-factor').send({ recoveryCode })).status).toBe(200);
}

/** At the look for the session of the next addition. @param call that comes before the credential is made a factor */
function beforeLook(call: string, run: () => Promise<unknown>): void {
  const then = (next: string, work: () => unknown) => () => {
    faulty.before(next, () => Promise.resolve(work()));
    return Promise.resolve();
  };
  faulty.before(call, then('credentials.list', then('sessions.find', run)));
}

describe.each([
  ['an authenticator app', beginTotp, 'credentials.add', 200],
  ['a passkey', beginPasskey, 'credentials.find', 201],
])('a request that adds %s comes twice', (_kind, begin, judged, added) => {
  test('and the first one takes nothing away when the second has been answered, and its own look for the session fails', async () => {
    const request = await begin();
    let second: Awaited<ReturnType<typeof request>> | undefined;
    beforeLook('credentials.add', async () => {
      second = await request();
      throw new AuthError('SERVICE_UNAVAILABLE');
    });
    expect((await request())[0]).toBe(503);
    expect(second?.[0]).toBe(added);
    await expectSecondStep(second?.[1].recoveryCodes);
  });

  test('and the first one takes nothing away whose look for the session fails while the second is under way', async () => {
    const request = await begin();
    let second: ReturnType<typeof request> | undefined;
    let failFirst: () => void = () => undefined;
    beforeLook('credentials.add', async () => {
      // Once it has found its session, and before it has ended the others.
      faulty.before('sessions.revokeAll', async () => {
        failFirst();
        await first;
      });
      const failure = new Promise<never>((_resolve, reject) => {
        failFirst = () => reject(new AuthError('SERVICE_UNAVAILABLE'));
      });
      second = request();
      await failure;
    });
    const first = request();
    expect((await first)[0]).toBe(503);
    const [status, body] = (await second) ?? [];
    expect(status).toBe(added);
    await expectSecondStep(body?.recoveryCodes);
  });

  test('and the second one adds it once more when the first takes it back before that is settled', async () => {
    const request = await begin();
    let second: ReturnType<typeof request> | undefined;
    beforeLook('credentials.add', async () => {
      const failure = new Promise<never>((_resolve, reject) => {
        beforeLook(judged, () => {
          // The call that settles it.
          faulty.before('credentials.list', async () => {
            reject(new AuthError('SERVICE_UNAVAILABLE'));
            await first;
          });
          return Promise.resolve();
        });
      });
      second = request();
      await failure;
    });
    const first = request();
    expect((await first)[0]).toBe(503);
    const [status, body] = (await second) ?? [];
    expect(status).toBe(added);
    await expectSecondStep(body?.recoveryCodes);
  });

  test('and the first one takes nothing away when its session ends after the second has been answered', async () => {
    const request = await begin();
    let second: Awaited<ReturnType<typeof request>> | undefined;
    beforeLook('credentials.add', async () => {
      second = await request();
      await app.auth.sessions.revokeAll(ann.id);
    });
    expect((await request())[0]).toBe(401);
    expect(second?.[0]).toBe(added);
    await expectSecondStep(second?.[1].recoveryCodes);
  });

  test('and the second one undoes what the first has left, when the session has ended', async () => {
    const request = await begin();
    // The second call from there is the one that makes it a factor.
    faulty.before('credentials.add', () =>
      // Nor can it be undone.
      Promise.resolve(faulty.failAt(1, 'after', { onwards: true })),
    );
    expect((await request())[0]).toBe(503);
    faulty.heal();
    beforeLook(judged, () => app.auth.sessions.revokeAll(ann.id));
    expect((await request())[0]).toBe(401);
    expect((await app.passwordLogin(app.browser(), ann.username)).status).toBe(200);
  });

  test.each([
    ['the look for its session fails', 503, () => Promise.reject(new AuthError('SERVICE_UNAVAILABLE'))],
    ['its session has ended', 401, () => app.auth.sessions.revokeAll(ann.id)],
  ])('and the second one takes nothing away when %s', async (_what, status, meanwhile) => {
    const request = await begin();
    // An outage has stopped it, so that both finish it.
    faulty.before('credentials.add', () => Promise.resolve(faulty.failAt(0, 'before')));
    expect((await request())[0]).toBe(503);
    faulty.heal();
    let first: Awaited<ReturnType<typeof request>> | undefined;
    faulty.before(judged, () => {
      faulty.before('credentials.list', async () => {
        first = await request();
        faulty.before('sessions.find', meanwhile);
      });
      return Promise.resolve();
    });
    expect((await request())[0]).toBe(status);
    expect(first?.[0]).toBe(added);
    await expectSecondStep(first?.[1].recoveryCodes);
  });
});
