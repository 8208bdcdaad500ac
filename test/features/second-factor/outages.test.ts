import { randomUUID } from 'node:crypto';
import { MemoryRefreshTokenStore, MemoryUserStore } from '../../../src/index';
import { setCookies } from '../../helpers/apps/app';
import { memoryStores } from '../../helpers/apps/feature-stores';
import { Authenticator, factorApp, FactorClock, refused } from './factor-app';
import { FaultyStores, type Fault } from './faulty-stores';

const DOWN = [503, refused('SERVICE_UNAVAILABLE')];

/** More calls than any request makes. */
const MANY = 40;

/** Memory stores do as well as real ones: what fails is the call, whichever store it asks. */
const faultyApp = async () => {
  const faulty = new FaultyStores(memoryStores());
  const factor = factorApp({ stores: faulty.stores });
  const ann = await factor.createUser(`ann-${randomUUID()}`);
  const enrolled = await factor.enrol(ann.username);
  return { faulty, factor, ann, ...enrolled };
};

describe.each<Fault>(['before', 'after'])('an outage %s a call', (fault) => {
  test('lets no one in without the second factor, whichever call fails', async () => {
    const { faulty, factor, ann } = await faultyApp();
    let reached = false;
    for (let at = 0; at < MANY && !reached; at += 1)
      for (const onwards of [false, true]) {
        faulty.failAt(at, fault, { onwards });
        const browser = factor.browser();
        const answer = await factor.firstStep(browser, ann.username);
        // The last rounds make fewer calls than that, and succeed as far as a first step can.
        reached = faulty.calls.length <= at;
        faulty.heal();
        // What the limits do afterwards is not awaited.
        expect([
          [503, 'SERVICE_UNAVAILABLE'],
          [401, 'SECOND_FACTOR_REQUIRED'],
        ]).toContainEqual([answer.status, (answer.body as { code: string }).code]);
        expect(setCookies(answer)).not.toHaveProperty('accessToken');
        expect((await browser.get('/auth/check')).status).toBe(401);
      }
    expect(reached).toBe(true);
    await factor.auth.close();
  });

  test('leaves challenge and code usable until the session is stored, and never opens two sessions', async () => {
    const { faulty, factor, ann, authenticator, recoveryCodes } = await faultyApp();
    const outcomes = new Set<string>();
    let reached = false;
    for (let at = 0; at < MANY && !reached; at += 1) {
      // Codes of both kinds in turn.
      for (const answer of [{ code: authenticator.nextCode() }, { recoveryCode: recoveryCodes[0] ?? '' }]) {
        const browser = factor.browser();
        await factor.firstStep(browser, ann.username);
        faulty.failAt(at, fault);
        const first = await factor.secondStep(browser, answer);
        const calls = [...faulty.calls];
        faulty.heal();
        if ('recoveryCode' in answer) recoveryCodes.shift();
        if (first.status === 200) {
          reached ||= calls.length <= at;
          continue;
        }
        expect([first.status, first.body]).toEqual(DOWN);
        expect(setCookies(first)).toEqual({});
        const again = await factor.secondStep(browser, answer);
        const isStored = calls.indexOf('sessions.create') !== -1 && calls.indexOf('sessions.create') < at;
        outcomes.add(`${isStored ? 'stored' : 'not stored'}: ${again.status}`);
        // The name of the call shows which one it was, where this fails.
        if (!isStored) expect([calls[at], again.status]).toEqual([calls[at], 200]);
        else expect([200, 400]).toContain(again.status);
        // Whatever happened, the same code opens nothing else.
        const other = factor.browser();
        await factor.firstStep(other, ann.username);
        expect((await factor.secondStep(other, answer)).body).toEqual(refused('INVALID_SECOND_FACTOR'));
        authenticator.nextCode();
      }
      if (recoveryCodes.length < 2) {
        const agent = factor.browser();
        await factor.firstStep(agent, ann.username);
        await factor.secondStep(agent, { code: authenticator.nextCode() });
        const renewed = await agent.post('/auth/factors/recovery-codes');
        recoveryCodes.push(...(renewed.body as { recoveryCodes: string[] }).recoveryCodes);
        recoveryCodes.splice(0, recoveryCodes.length - 10);
      }
    }
    expect(reached).toBe(true);
    expect(outcomes).toContain('not stored: 200');
    await factor.auth.close();
  });

  test('an enrolment that it stops is finished by the same request, or begins again, and is never half a factor', async () => {
    let reached = false;
    const faulty = new FaultyStores(memoryStores());
    const factor = factorApp({ stores: faulty.stores });
    for (let at = 0; at < MANY && !reached; at += 1) {
      const ann = await factor.createUser(`ann-${randomUUID()}`);
      const browser = factor.browser();
      await factor.firstStep(browser, ann.username);
      const started = await browser.post('/auth/factors/totp');
      const authenticator = new Authenticator(started.body as { id: string; uri: string }, factor.clock);
      const body = { id: authenticator.id, code: authenticator.code() };
      faulty.failAt(at, fault);
      const first = await browser.post('/auth/factors/totp/confirm').send(body);
      reached = faulty.calls.length <= at;
      const [failed] = faulty.calls.slice(at);
      faulty.heal();
      if (first.status === 200) {
        const [recoveryCode] = (first.body as { recoveryCodes: string[] }).recoveryCodes;
        const other = factor.browser();
        await factor.firstStep(other, ann.username);
        expect((await factor.secondStep(other, { recoveryCode })).status).toBe(200);
        continue;
      }
      expect([first.status, first.body]).toEqual(DOWN);
      const again = await browser.post('/auth/factors/totp/confirm').send(body);
      expect([failed, again.status]).toEqual([failed, 200]);
      // If they were stored, and only the store's answer got lost, the list has them, and the user asks for new ones.
      const { recoveryCodes } = again.body as { recoveryCodes?: string[] };
      if (fault === 'before') expect([failed, recoveryCodes]).toEqual([failed, expect.any(Array)]);
      const next = factor.browser();
      expect((await factor.firstStep(next, ann.username)).body).toMatchObject({
        factors: ['totp', 'recovery-code'],
      });
      expect((await factor.secondStep(next, { code: authenticator.nextCode() })).status).toBe(200);
    }
    expect(reached).toBe(true);
    await factor.auth.close();
  });

  test('a renewal of the recovery codes that it stops leaves the old ones, unless only its last answer gets lost', async () => {
    const faulty = new FaultyStores(memoryStores());
    const factor = factorApp({ stores: faulty.stores });
    for (const onwards of [false, true]) {
      let reached = false;
      for (let at = 0; at < MANY && !reached; at += 1) {
        const ann = await factor.createUser(`ann-${randomUUID()}`);
        const { authenticator, recoveryCodes } = await factor.enrol(ann.username);
        const browser = factor.browser();
        await factor.firstStep(browser, ann.username);
        await factor.secondStep(browser, { code: authenticator.nextCode() });
        faulty.failAt(at, fault, { onwards });
        const renewed = await browser.post('/auth/factors/recovery-codes');
        const calls = [...faulty.calls];
        faulty.heal();
        reached = calls.length <= at;
        if (renewed.status === 200) continue;
        expect([renewed.status, renewed.body]).toEqual(DOWN);
        // The switch to the new ones is the second change.
        const changes = calls.slice(0, at + 1).filter((call) => call === 'credentials.replace').length;
        const isSwitched = fault === 'after' && changes === 2;
        const other = factor.browser();
        await factor.firstStep(other, ann.username);
        const login = await factor.secondStep(other, { recoveryCode: recoveryCodes[0] });
        expect([calls[at], login.status]).toEqual([calls[at], isSwitched ? 401 : 200]);
      }
      expect(reached).toBe(true);
    }
    await factor.auth.close();
  });

  test('an enrolment that it stops and a newer code finishes uses that code up too', async () => {
    const faulty = new FaultyStores(memoryStores());
    const factor = factorApp({ stores: faulty.stores });
    const ann = await factor.createUser(`ann-${randomUUID()}`);
    const browser = factor.browser();
    await factor.firstStep(browser, ann.username);
    const started = await browser.post('/auth/factors/totp');
    const authenticator = new Authenticator(started.body as { id: string; uri: string }, factor.clock);
    const confirm = (code: string) =>
      browser.post('/auth/factors/totp/confirm').send({ id: authenticator.id, code });
    faulty.before('credentials.add', () => Promise.resolve(faulty.failAt(0, fault)));
    expect((await confirm(authenticator.code())).status).toBe(503);
    faulty.heal();
    const newer = authenticator.nextCode();
    expect((await confirm(newer)).status).toBe(200);
    const other = factor.browser();
    await factor.firstStep(other, ann.username);
    expect((await factor.secondStep(other, { code: newer })).body).toEqual(refused('INVALID_SECOND_FACTOR'));
    expect((await factor.secondStep(other, { code: authenticator.nextCode() })).status).toBe(200);
    await factor.auth.close();
  });

  test('a removal that it stops leaves the factor or removes it, and other sessions end once it is gone', async () => {
    let reached = false;
    const faulty = new FaultyStores(memoryStores());
    const factor = factorApp({ stores: faulty.stores });
    for (let at = 0; at < MANY && !reached; at += 1) {
      const ann = await factor.createUser(`ann-${randomUUID()}`);
      const { authenticator } = await factor.enrol(ann.username);
      const browser = factor.browser();
      await factor.firstStep(browser, ann.username);
      await factor.secondStep(browser, { code: authenticator.nextCode() });
      faulty.failAt(at, fault);
      const first = await browser.delete(`/auth/factors/${authenticator.id}`);
      reached = faulty.calls.length <= at;
      faulty.heal();
      if (first.status === 204) continue;
      expect([first.status, first.body]).toEqual(DOWN);
      const again = await browser.delete(`/auth/factors/${authenticator.id}`);
      expect([204, 404]).toContain(again.status);
      const left = await browser.get('/auth/factors');
      expect(left.body).toEqual({ factors: [], recoveryCodesLeft: 0 });
      expect(await factor.auth.sessions.list(ann.id)).toHaveLength(1);
    }
    expect(reached).toBe(true);
    await factor.auth.close();
  });
});

test('an outage costs no try', async () => {
  const { faulty, factor, ann, authenticator } = await faultyApp();
  const browser = factor.browser();
  await factor.firstStep(browser, ann.username);
  for (let n = 0; n < 12; n += 1) {
    faulty.failAt(2, 'before');
    expect((await factor.secondStep(browser, { code: authenticator.nextCode() })).status).toBe(503);
    faulty.heal();
  }
  expect((await factor.secondStep(browser, { code: authenticator.nextCode() })).status).toBe(200);
  await factor.auth.close();
});

test('a challenge is good for five minutes, and an enrolment for ten', async () => {
  const clock = new FactorClock();
  const stores = {
    users: new MemoryUserStore({ clock: clock.now }),
    refreshTokens: new MemoryRefreshTokenStore({ clock: clock.now }),
  };
  const factor = factorApp({ stores, clock });
  const ann = await factor.createUser('ann');
  const { authenticator } = await factor.enrol('ann');
  const halfway = async () => {
    const browser = factor.browser();
    await factor.firstStep(browser, ann.username);
    return browser;
  };
  const inTime = await halfway();
  clock.forward(299_000);
  expect((await factor.secondStep(inTime, { code: authenticator.code() })).status).toBe(200);
  const late = await halfway();
  clock.forward(301_000);
  expect((await factor.secondStep(late, { code: authenticator.code() })).body).toEqual(
    refused('FLOW_STATE_INVALID'),
  );
  const bob = factor.browser();
  await factor.createUser('bob');
  await factor.firstStep(bob, 'bob');
  const started = await bob.post('/auth/factors/totp');
  clock.forward(601_000);
  expect(started.status).toBe(201);
  const tokens = stores.refreshTokens.oneTimeTokens();
  expect(await tokens.removeAll((await stores.users.findByUsername('bob'))?.id ?? '')).toBe(0);
  await factor.auth.close();
});

test('where the clock of the machine is minutes off, the time of the store counts', async () => {
  const stores = memoryStores();
  const aheadMs = 7 * 60_000;
  Object.assign(stores.refreshTokens, { time: () => Promise.resolve(Date.now() + aheadMs) });
  const factor = factorApp({ stores, auth: { clock: undefined } as never });
  await factor.auth.ready();
  factor.clock.forward(aheadMs);
  await factor.createUser('ann');
  const { authenticator } = await factor.enrol('ann');
  // Its code of the step after, because time can't be set here: the code of the enrolment is used up.
  const browser = factor.browser();
  await factor.firstStep(browser, 'ann');
  expect((await factor.secondStep(browser, { code: authenticator.nextCode() })).status).toBe(200);
  await factor.auth.close();
});
