import { randomUUID } from 'node:crypto';
import type { MemoryUserStore, PostgresUserStore, StoredUser } from '../../../src/index';
import { EACH_STORES, type OpenStores } from '../../helpers/apps/feature-stores';
import { Authenticator, factorApp, refused, type Browser, type FactorApp } from './factor-app';
import { FaultyStores, type Fault } from './faulty-stores';

const ENDED = [401, refused('SESSION_REVOKED')];

describe.each(EACH_STORES)('a session that ends between its guards and a change, on %s', (_name, open) => {
  let stores: OpenStores;
  let faulty: FaultyStores;
  let factor: FactorApp;
  let ann: StoredUser;

  beforeAll(async () => {
    stores = await open();
    faulty = new FaultyStores(stores);
  });

  afterAll(() => stores.close());

  beforeEach(async () => {
    factor = factorApp({ stores: faulty.stores });
    ann = await factor.createUser(`ann-${randomUUID()}`);
  });

  afterEach(() => factor.auth.close());

  const statusAndBody = ({ status, body }: { status: number; body: unknown }) => [status, body];
  const endAllBefore = (call: string) => faulty.before(call, () => factor.auth.sessions.revokeAll(ann.id));
  const byFactor = async (authenticator: Authenticator): Promise<Browser> => {
    const browser = factor.browser();
    await factor.firstStep(browser, ann.username);
    expect((await factor.secondStep(browser, { code: authenticator.nextCode() })).status).toBe(200);
    return browser;
  };

  test.each(['credentials.add', 'credentials.list'])('leaves no new factor (before %s)', async (call) => {
    const browser = factor.browser();
    await factor.firstStep(browser, ann.username);
    const { body } = await browser.post('/auth/factors/totp');
    const app = new Authenticator(body as { id: string; uri: string }, factor.clock);
    endAllBefore(call);
    const confirmed = await browser.post('/auth/factors/totp/confirm').send({ id: app.id, code: app.code() });
    expect(statusAndBody(confirmed)).toEqual(ENDED);
    const left = await stores.users.credentials?.().list(ann.id, 'totp');
    expect(left).toEqual([]);
    expect((await factor.firstStep(factor.browser(), ann.username)).status).toBe(200);
  });

  // The second call from there is the one that makes it a factor, and the fifth one undoes that.
  test.each<[call: string, at: number, fault: Fault]>([
    ['makes it one gets no answer', 1, 'after'],
    ['makes it one arrives too late', 1, 'late'],
    ['undoes it fails', 4, 'before'],
    ['undoes it gets no answer', 4, 'after'],
  ])('leaves no new factor when the call that %s', async (_call, at, fault) => {
    const browser = factor.browser();
    await factor.firstStep(browser, ann.username);
    const { body } = await browser.post('/auth/factors/totp');
    const app = new Authenticator(body as { id: string; uri: string }, factor.clock);
    faulty.before('credentials.add', async () => {
      await factor.auth.sessions.revokeAll(ann.id);
      faulty.failAt(at, fault);
    });
    const confirmed = await browser.post('/auth/factors/totp/confirm').send({ id: app.id, code: app.code() });
    faulty.heal();
    expect(statusAndBody(confirmed)).toEqual([503, refused('SERVICE_UNAVAILABLE')]);
    await faulty.arrive();
    expect((await factor.firstStep(factor.browser(), ann.username)).status).toBe(200);
  });

  test.each<Fault>(['before', 'after'])(
    'ends the session of a login by its factor when the call that undoes it fails once (%s)',
    async (fault) => {
      const browser = factor.browser();
      await factor.firstStep(browser, ann.username);
      const { body } = await browser.post('/auth/factors/totp');
      const app = new Authenticator(body as { id: string; uri: string }, factor.clock);
      let other: Browser | undefined;
      const lookForSession = async () => {
        await factor.auth.sessions.revokeAll(ann.id);
        other = await byFactor(app);
        faulty.failAt(1, fault); // after the list
      };
      faulty.before('credentials.add', () => {
        faulty.before('credentials.list', () => {
          faulty.before('sessions.find', lookForSession);
          return Promise.resolve();
        });
        return Promise.resolve();
      });
      const confirmed = await browser
        .post('/auth/factors/totp/confirm')
        .send({ id: app.id, code: app.code() });
      faulty.heal();
      expect(statusAndBody(confirmed)).toEqual([503, refused('SERVICE_UNAVAILABLE')]);
      expect((await other?.post('/auth/refresh'))?.status).toBe(401);
      expect((await factor.firstStep(factor.browser(), ann.username)).status).toBe(200);
    },
  );

  test('ends the session of a login by a factor whose addition got no answer', async () => {
    const browser = factor.browser();
    await factor.firstStep(browser, ann.username);
    const { body } = await browser.post('/auth/factors/totp');
    const app = new Authenticator(body as { id: string; uri: string }, factor.clock);
    let other: Browser | undefined;
    faulty.before('credentials.add', () => {
      faulty.failAt(1, 'after');
      faulty.before('credentials.list', () => {
        // That of the addition. The next one undoes it.
        faulty.before('credentials.list', async () => {
          faulty.heal();
          other = await byFactor(app);
        });
        return Promise.resolve();
      });
      return Promise.resolve();
    });
    const confirmed = await browser.post('/auth/factors/totp/confirm').send({ id: app.id, code: app.code() });
    expect(statusAndBody(confirmed)).toEqual([503, refused('SERVICE_UNAVAILABLE')]);
    expect((await other?.post('/auth/refresh'))?.status).toBe(401);
    expect((await browser.post('/auth/refresh')).status).toBe(200);
  });

  test('an addition without an answer is given up at once when its user is gone', async () => {
    const browser = factor.browser();
    await factor.firstStep(browser, ann.username);
    const { body } = await browser.post('/auth/factors/totp');
    const app = new Authenticator(body as { id: string; uri: string }, factor.clock);
    const deleteUser = () => (stores.users as MemoryUserStore | PostgresUserStore).delete(ann.id);
    faulty.before('credentials.add', () => {
      faulty.failAt(1, 'before');
      faulty.before('credentials.add', deleteUser);
      return Promise.resolve();
    });
    const confirmed = await browser.post('/auth/factors/totp/confirm').send({ id: app.id, code: app.code() });
    expect(statusAndBody(confirmed)).toEqual([503, refused('SERVICE_UNAVAILABLE')]);
    expect(faulty.calls.filter((call) => call === 'credentials.add')).toHaveLength(1);
    faulty.heal();
  });

  test('leaves no new factor beside another when the call that makes it one arrives too late', async () => {
    const { authenticator } = await factor.enrol(ann.username);
    const browser = await byFactor(authenticator);
    const { body } = await browser.post('/auth/factors/totp');
    const app = new Authenticator(body as { id: string; uri: string }, factor.clock);
    faulty.before('credentials.add', async () => {
      await factor.auth.sessions.revokeAll(ann.id);
      faulty.failAt(1, 'late');
    });
    const confirmed = await browser.post('/auth/factors/totp/confirm').send({ id: app.id, code: app.code() });
    faulty.heal();
    expect(statusAndBody(confirmed)).toEqual([503, refused('SERVICE_UNAVAILABLE')]);
    await faulty.arrive();
    const { factors } = (await (await byFactor(authenticator)).get('/auth/factors')).body as {
      factors: object[];
    };
    expect(factors).toMatchObject([{ id: authenticator.id }]);
  });

  test('leaves no new factor beside another, whose recovery codes stay', async () => {
    const { authenticator, recoveryCodes } = await factor.enrol(ann.username);
    const browser = await byFactor(authenticator);
    const { body } = await browser.post('/auth/factors/totp');
    const app = new Authenticator(body as { id: string; uri: string }, factor.clock);
    endAllBefore('credentials.add');
    const confirmed = await browser.post('/auth/factors/totp/confirm').send({ id: app.id, code: app.code() });
    expect(statusAndBody(confirmed)).toEqual(ENDED);
    const next = await byFactor(authenticator);
    expect((await next.get('/auth/factors')).body).toMatchObject({
      factors: [{ id: authenticator.id }],
      recoveryCodesLeft: recoveryCodes.length,
    });
  });

  test('gets no recovery codes, and the old ones stay', async () => {
    const { authenticator, recoveryCodes } = await factor.enrol(ann.username);
    const browser = await byFactor(authenticator);
    endAllBefore('credentials.replace');
    expect(statusAndBody(await browser.post('/auth/factors/recovery-codes'))).toEqual(ENDED);
    const other = factor.browser();
    await factor.firstStep(other, ann.username);
    expect((await factor.secondStep(other, { recoveryCode: recoveryCodes[0] })).status).toBe(200);
  });

  test('has removed a factor that it was about to remove', async () => {
    const { authenticator } = await factor.enrol(ann.username);
    const browser = await byFactor(authenticator);
    endAllBefore('credentials.replace');
    expect((await browser.delete(`/auth/factors/${authenticator.id}`)).status).toBe(204);
    const next = factor.browser();
    expect((await factor.firstStep(next, ann.username)).status).toBe(200);
    expect((await next.get('/auth/factors')).body).toEqual({ factors: [], recoveryCodesLeft: 0 });
  });
});
