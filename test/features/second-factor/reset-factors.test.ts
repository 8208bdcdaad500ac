import { emailAccount, type Mail, type SecondFactor } from '../../../src/index';
import { secondFactor } from '../../../src/features/second-factor/second-factor';
import { eventually } from '../../helpers/eventually';
import { enrolIn, FACTOR_KEY, factorApp } from './factor-app';
import { FaultyStores } from './faulty-stores';
import { EACH_STORES, memoryStores, type FeatureStores } from '../../helpers/apps/feature-stores';

const ANN = 'ann@example.com';
const mails: Mail[] = [];

/** An app whose server code has the value of the feature. */
function supportedApp(stores: FeatureStores) {
  mails.length = 0;
  const support = secondFactor({ issuer: 'App', key: FACTOR_KEY });
  const account = emailAccount({ send: (mail) => mails.push(mail), baseUrl: 'https://app.example.com' });
  return { support, factor: factorApp({ stores, features: [account], feature: support }) };
}

test.each(EACH_STORES)('support takes away all factors of a user, on %s', async (_name, open) => {
  const stores = await open();
  const { support, factor } = supportedApp(stores);
  const { id } = await factor.createUser(ANN);
  const { browser, authenticator, recoveryCodes } = await factor.enrol(ANN);
  const trusted = factor.browser();
  await factor.firstStep(trusted, ANN);
  await factor.secondStep(trusted, { code: authenticator.nextCode(), trustDevice: true });
  const halfway = factor.browser();
  expect((await factor.firstStep(halfway, ANN)).status).toBe(401);
  factor.events.length = 0;

  const reset = await support.resetFactors(id, { locale: 'ko' });
  expect(reset).toEqual({ factorIds: [authenticator.id], sessionIds: expect.any(Array) as string[] });
  expect(reset.sessionIds).toHaveLength(2);
  expect((await browser.get('/auth/check')).status).toBe(401);
  expect((await factor.secondStep(halfway, { recoveryCode: recoveryCodes[0] })).status).toBe(401);
  expect(await stores.users.credentials?.().list(id)).toEqual([]);
  expect((await factor.firstStep(factor.browser(), ANN)).status).toBe(200);
  expect(factor.events).toContainEqual(
    expect.objectContaining({
      type: 'factorRemoved',
      userId: id,
      factorId: authenticator.id,
      sessionId: undefined,
    }),
  );
  await eventually('a mail', () => Promise.resolve(mails.some(({ kind }) => kind === 'factor-removed')));
  expect(mails.find(({ kind }) => kind === 'factor-removed')).toMatchObject({ to: ANN, locale: 'ko' });
  // Nothing is left to take away but the session since.
  expect(await support.resetFactors(id)).toMatchObject({ factorIds: [], sessionIds: [expect.any(String)] });
  await factor.auth.close();
  await stores.close();
});

test('what an outage stops, the same call again finishes', async () => {
  for (let at = 0, calls = 1; at < calls; at += 1) {
    const faulty = new FaultyStores(memoryStores());
    const { support, factor } = supportedApp(faulty.stores);
    const { id } = await factor.createUser(ANN);
    const { authenticator } = await factor.enrol(ANN);
    faulty.failAt(at, at % 2 === 0 ? 'before' : 'after');
    const first = await support.resetFactors(id).then(
      () => 'done',
      (error: { code?: string }) => error.code,
    );
    calls = Math.max(calls, faulty.calls.length);
    faulty.heal();
    expect(['done', 'SERVICE_UNAVAILABLE']).toContain(first);
    await support.resetFactors(id);
    expect(await faulty.stores.users.credentials?.().list(id)).toEqual([]);
    expect(await factor.auth.sessions.list(id)).toEqual([]);
    const removed = factor.events.filter(({ type }) => type === 'factorRemoved');
    // An outage may cost the announcement of what it has hidden, and never announces it twice.
    expect(removed.length).toBeLessThanOrEqual(1);
    expect(removed.every((event) => 'factorId' in event && event.factorId === authenticator.id)).toBe(true);
    await factor.auth.close();
  }
});

test('a session that adds a factor while support takes them away leaves none', async () => {
  const faulty = new FaultyStores(memoryStores());
  const { support, factor } = supportedApp(faulty.stores);
  const { id } = await factor.createUser(ANN);
  const thief = factor.browser();
  await factor.firstStep(thief, ANN);
  faulty.before('sessions.revokeAll', () => enrolIn(thief, factor.clock));
  const { factorIds } = await support.resetFactors(id);
  expect(factorIds).toHaveLength(1);
  expect((await thief.get('/auth/check')).status).toBe(401);
  expect((await factor.firstStep(factor.browser(), ANN)).status).toBe(200);
  await factor.auth.close();
});

test('it names what is wrong with the call', async () => {
  const { support, factor } = supportedApp(memoryStores());
  await expect(support.resetFactors('nobody')).rejects.toThrow('resetFactors(): there is no such user');
  await expect(support.resetFactors('nobody', { language: 'ko' } as object)).rejects.toThrow(
    'Unknown option language',
  );
  const alone: SecondFactor = secondFactor({ issuer: 'App', key: FACTOR_KEY });
  await expect(alone.resetFactors('x')).rejects.toThrow('put it into the option features');
  expect(() => factorApp({ feature: support })).toThrow('make one for each createAuth');
  await factor.auth.close();
});
