import { emailAccount, secondFactor, type Feature, type Mail } from '../../../src/index';
import { EACH_STORES, type OpenStores } from '../../helpers/apps/feature-stores';
import { eventually } from '../../helpers/eventually';
import { FACTOR_KEY, refused } from '../second-factor/factor-app';
import { newPasskey, ORIGIN, passkeyApp } from './passkey-app';

describe.each(EACH_STORES)('a passkey, on %s', (_name, open) => {
  const ANN = 'ann@example.com';
  let stores: OpenStores;

  beforeAll(async () => {
    stores = await open();
  });

  afterAll(() => stores.close());

  test.each([
    ['with secondFactor', 'bob', true, 'en'],
    ['without it', 'cid', false, 'ko'],
  ] as const)('that is added or removed is mailed to its owner, %s', async (_title, name, factor, locale) => {
    const mails: Mail[] = [];
    const account = emailAccount({ send: (mail) => void mails.push(mail), baseUrl: ORIGIN });
    const app = passkeyApp({ stores, factor, features: [account], auth: { locale } });
    const expectMail = async (kind: Mail['kind'], userId: string) => {
      await eventually(`the mail ${kind}`, () => Promise.resolve(mails.length > 0));
      expect(mails.splice(0)).toEqual([
        expect.objectContaining({ kind, to: `${name}@example.com`, userId, locale }),
      ]);
    };
    const { user, passkey, recoveryCodes = [] } = await app.enrolled(`${name}@example.com`);
    await expectMail('factor-added', user.id);
    const browser = app.browser();
    expect((await app.login(browser, passkey)).status).toBe(200);
    // What changes no factor is not mailed: a name, a refusal.
    const path = `/auth/passkeys/${passkey.id}`;
    expect((await browser.patch(path).send({ name: 'My phone' })).status).toBe(200);
    expect((await app.register(browser, passkey)).status).toBe(409);
    const second = newPasskey();
    expect((await app.register(browser, second)).status).toBe(201);
    await expectMail('factor-added', user.id);
    expect((await browser.delete(path)).status).toBe(204);
    await expectMail('factor-removed', user.id);
    expect((await browser.delete(path)).status).toBe(404);
    if (factor) {
      expect(
        (await browser.post('/auth/reauthenticate').send({ recoveryCode: recoveryCodes[0] })).status,
      ).toBe(200);
      await expectMail('recovery-code-used', user.id);
      expect((await browser.delete(`/auth/factors/${second.id}`)).status).toBe(204);
      await expectMail('factor-removed', user.id);
    }
    // A name that is no address gets none.
    await app.enrolled(name);
    await app.auth.close();
    expect(mails).toEqual([]);
  });

  test('is enough for a user who must enrol a second factor, and when it is gone they must again', async () => {
    const required: Feature = secondFactor({ issuer: 'App', key: FACTOR_KEY, required: () => true });
    const app = passkeyApp({ stores, features: [required] });
    await app.createUser(ANN);
    const browser = app.browser();
    expect((await app.passwordLogin(browser, ANN)).body).toMatchObject({ enrol: true });
    expect((await browser.get('/auth/sessions')).body).toEqual(refused('SECOND_FACTOR_ENROLMENT_REQUIRED'));
    expect((await browser.get('/auth/passkeys')).body).toEqual({ passkeys: [] });
    const passkey = newPasskey();
    const registered = await app.register(browser, passkey);
    expect(registered.body).toMatchObject({ recoveryCodes: expect.any(Array) as string[] });
    // The access token is from before.
    expect((await browser.get('/auth/sessions')).status).toBe(403);
    expect((await browser.post('/auth/refresh')).status).toBe(200);
    expect((await browser.get('/auth/sessions')).status).toBe(200);
    const other = app.browser();
    const login = await app.login(other, passkey);
    expect([login.status, login.body]).toEqual([200, expect.not.objectContaining({ enrol: true })]);
    expect((await other.get('/auth/sessions')).status).toBe(200);
    expect((await other.patch(`/auth/passkeys/${passkey.id}`).send({ name: 'Key' })).status).toBe(200);
    expect((await other.delete(`/auth/passkeys/${passkey.id}`)).status).toBe(204);
    expect((await other.post('/auth/refresh')).status).toBe(200);
    expect((await other.get('/auth/sessions')).body).toEqual(refused('SECOND_FACTOR_ENROLMENT_REQUIRED'));
    expect((await app.register(other, newPasskey())).status).toBe(201);
    await app.auth.close();
  });
});
