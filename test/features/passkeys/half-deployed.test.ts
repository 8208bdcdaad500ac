import { FactorSets } from '../../../src/features/factor-sets';
import { EACH_STORES, type OpenStores } from '../../helpers/apps/feature-stores';
import { enrolIn, factorApp, refused, type Browser, type FactorApp } from '../second-factor/factor-app';
import { newPasskey, passkeyApp, type PasskeyApp } from './passkey-app';

const needed = (...factors: string[]) => ({ ...refused('SECOND_FACTOR_REQUIRED'), factors });

describe.each(EACH_STORES)('in a process without the feature passkeys, on %s', (_name, open) => {
  let stores: OpenStores;
  let without: FactorApp;
  /** A process that has both features, and one that has only the passkeys. */
  let both: PasskeyApp;
  let onlyPasskeys: PasskeyApp;

  beforeAll(async () => {
    stores = await open();
    without = factorApp({ stores, factor: { required: () => true } });
    both = passkeyApp({ stores, factor: true, clock: without.clock });
    onlyPasskeys = passkeyApp({ stores, clock: without.clock });
  });

  afterAll(async () => {
    for (const { auth } of [without, both, onlyPasskeys]) await auth.close();
    await stores.close();
  });

  const secondStep = async (username: string, recoveryCode: string | undefined, members: object = {}) => {
    const browser = without.browser();
    expect((await without.firstStep(browser, username)).status).toBe(401);
    const answer = await without.secondStep(browser, { recoveryCode, ...members });
    expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
    return browser;
  };
  const factorsOf = async (browser: Browser) => (await browser.get('/auth/factors')).body as object;

  test('a passkey is a second factor all the same, and a recovery code makes the second step', async () => {
    const { user, passkey, recoveryCodes = [] } = await both.enrolled('ann');
    expect((await without.firstStep(without.browser(), 'ann')).body).toEqual(needed('recovery-code'));
    const start = without.auth.sessions.start(user.id, { amr: ['pwd'] });
    await expect(start).rejects.toMatchObject(needed('recovery-code'));
    const browser = await secondStep('ann', recoveryCodes[0], { trustDevice: true });
    // The device is trusted together with the passkey, and nobody has to enrol anything.
    expect((await without.firstStep(browser, 'ann')).body).not.toHaveProperty('enrol');
    expect(await factorsOf(browser)).toMatchObject({
      factors: [{ id: passkey.id, kind: 'passkey' }],
      recoveryCodesLeft: 9,
    });
    // A password on a trusted device changes no factors.
    expect((await browser.post('/auth/factors/totp')).body).toEqual(refused('REAUTHENTICATION_REQUIRED'));
  });

  test('the last authenticator app leaves the recovery codes there, and a passkey can be removed', async () => {
    const { passkey, recoveryCodes = [] } = await both.enrolled('bob');
    const browser = await secondStep('bob', recoveryCodes[0]);
    const { authenticator } = await enrolIn(browser, without.clock);
    expect((await without.firstStep(without.browser(), 'bob')).body).toEqual(needed('totp', 'recovery-code'));
    expect((await browser.delete(`/auth/factors/${authenticator.id}`)).status).toBe(204);
    expect(await factorsOf(browser)).toMatchObject({
      factors: [{ id: passkey.id }],
      recoveryCodesLeft: 9,
    });
    const again = await secondStep('bob', recoveryCodes[1]);
    expect((await again.delete(`/auth/factors/${passkey.id}`)).status).toBe(204);
    expect(without.events).toContainEqual(
      expect.objectContaining({ type: 'passkeyRemoved', passkeyId: passkey.id }),
    );
    expect((await without.firstStep(without.browser(), 'bob')).body).toMatchObject({ enrol: true });
    expect((await both.login(both.browser(), passkey)).body).toEqual(refused('INVALID_PASSKEY'));
  });

  test('a user who has nothing else is told to ask support', async () => {
    await onlyPasskeys.enrolled('cid');
    const browser = without.browser();
    expect((await without.firstStep(browser, 'cid')).body).toEqual({
      ...needed(),
      message: 'A second factor is required, but none that you have works here: ask support for help',
    });
    const korean = await without.firstStep(browser, 'cid').set('Accept-Language', 'ko');
    expect((korean.body as { message: string }).message).toContain('고객 지원');
    // Where the feature is, the passkey does.
    expect((await both.passwordLogin(both.browser(), 'cid')).body).toEqual(needed('passkey'));
  });

  test('a factor of a kind that only a newer process knows is one all the same, and is not listed', async () => {
    const eve = await without.createUser('eve');
    const newer = { kind: 'sms', id: 'of-eve' };
    await stores.users.credentials!().add({ ...newer, userId: eve.id, data: '{}' });
    const browser = without.browser();
    expect((await without.firstStep(browser, 'eve')).body).toMatchObject({ enrol: true });
    await new FactorSets(stores.users.credentials!()).change(eve.id, (set) => ({ ...set, factors: [newer] }));
    expect(await factorsOf(browser)).toEqual({ factors: [], recoveryCodesLeft: 0 });
    expect((await browser.post('/auth/factors/totp')).body).toEqual(refused('REAUTHENTICATION_REQUIRED'));
    for (const login of [
      without.firstStep(without.browser(), 'eve'),
      both.passwordLogin(both.browser(), 'eve'),
    ])
      expect((await login).body).toEqual({ ...needed(), message: expect.any(String) as string });
  });

  test('a passkey that is being removed counts no more', async () => {
    const passkey = newPasskey();
    const { user } = await both.enrolled('dan', passkey);
    const sets = new FactorSets(stores.users.credentials!());
    expect(await sets.remove(user.id, { kind: 'passkey', id: passkey.id }, () => {})).toBe(true);
    expect(await stores.users.credentials!().find('passkey', passkey.id)).toMatchObject({ userId: user.id });
    expect((await without.firstStep(without.browser(), 'dan')).body).toMatchObject({
      user: { id: user.id },
      enrol: true,
    });
  });
});
