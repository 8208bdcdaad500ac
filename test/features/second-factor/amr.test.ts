import express, { type RequestHandler } from 'express';
import { emailAccount, type Mail } from '../../../src/index';
import { passkeys } from '../../../src/features/passkeys';
import { loginAs } from '../../../src/testing';
import { PASSWORD } from '../../helpers/apps/app';
import { EACH_STORES, type OpenStores } from '../../helpers/apps/feature-stores';
import { eventually } from '../../helpers/eventually';
import { newPasskey, ORIGIN, RP_ID } from '../passkeys/passkey-app';
import { enrolIn, factorApp, type Browser, type FactorApp } from './factor-app';

/** Every way by which a session gets an `amr`. Nothing but a second factor that this app has seen, or vouches for, is `mfa`. */
describe.each(EACH_STORES)('what a session says of its proof, on %s', (_name, open) => {
  const CLAIMED = ['hwk', 'mfa'];
  const mails: Mail[] = [];
  let stores: OpenStores;
  let app: FactorApp;
  let names = 0;

  /** What a strategy says. The user is in the query. */
  const proved: RequestHandler = (req, _res, next) => {
    const { id, says } = req.query as Record<string, string>;
    Object.assign(req, { user: { id }, ...(says && { authInfo: { amr: CLAIMED } }) });
    next();
  };

  beforeAll(async () => {
    stores = await open();
    const send = (mail: Mail) => void mails.push(mail);
    app = factorApp({
      stores,
      features: [
        emailAccount({ send, baseUrl: ORIGIN, login: ['link', 'code'] }),
        passkeys({ rpId: RP_ID, rpName: 'App', origins: ORIGIN }),
      ],
      mount(routes, auth) {
        routes.post('/form', express.urlencoded({ extended: false }), auth.login({ redirectTo: '/in' }));
        routes.get('/option', proved, auth.completeLogin({ amr: CLAIMED }));
        routes.get('/strategy', proved, auth.completeLogin());
        routes.get('/vouched', proved, auth.completeLogin({ acceptMfa: true }));
        routes.get('/again', proved, auth.completeLogin({ reauthenticate: true, amr: CLAIMED }));
        routes.get('/again-password', proved, auth.completeLogin({ reauthenticate: true, amr: ['pwd'] }));
        routes.post('/own', express.json(), (req, res, next) => {
          const { id, ...options } = req.body as { id: string };
          auth.startSession(req, res, { id }, options).then(() => res.json({}), next);
        });
      },
    });
  });

  afterAll(async () => {
    await app.auth.close();
    await stores.close();
  });

  const checked = async (answer: PromiseLike<{ status: number; body: unknown }>) => {
    const { status, body } = await answer;
    expect([status, body]).toEqual([200, expect.anything()]);
    return (body as { user: { amr?: string[] } }).user.amr;
  };
  const amrOf = (browser: Browser) => checked(browser.get('/auth/check'));
  const ofBearer = (token: string) =>
    checked(app.client().get('/auth/check').set('Authorization', `Bearer ${token}`));
  const mailOf = async (to: string, kind: Mail['kind']) => {
    await eventually(`the mail ${kind}`, () =>
      Promise.resolve(mails.some((mail) => mail.to === to && mail.kind === kind)),
    );
    return mails.find((mail) => mail.to === to && mail.kind === kind) as Mail;
  };
  const post = async (browser: Browser, path: string, body: object) => {
    const answer = await browser.post(path).send(body);
    expect([path, answer.status]).toEqual([path, expect.any(Number)]);
    expect([200, 202]).toContain(answer.status);
  };
  interface Login {
    readonly id: string;
    readonly username: string;
    readonly browser: Browser;
  }
  const password = (browser: Browser, username: string) => app.firstStep(browser, username);

  const ways: readonly (readonly [
    way: string,
    amr: string[] | undefined,
    login: (login: Login) => Promise<string | void>,
  ])[] = [
    ['POST /login', undefined, async ({ browser, username }) => void (await password(browser, username))],
    [
      'login()',
      undefined,
      async ({ browser, username }) =>
        void (await browser.post('/form').type('form').send({ username, password: PASSWORD })),
    ],
    [
      'POST /login/link/verify',
      ['mca'],
      async ({ browser, username }) => {
        await post(browser, '/auth/login/link', { username });
        const { url = '' } = await mailOf(username, 'login-link');
        const token = new URLSearchParams(new URL(url).hash.slice(1)).get('token');
        await post(browser, '/auth/login/link/verify', { token });
      },
    ],
    [
      'POST /login/code/verify',
      ['mca'],
      async ({ browser, username }) => {
        await post(browser, '/auth/login/code', { username });
        const { code } = await mailOf(username, 'login-code');
        await post(browser, '/auth/login/code/verify', { code });
      },
    ],
    [
      'completeLogin({ amr })',
      ['hwk'],
      async ({ browser, id }) => void (await browser.get(`/option?id=${id}`)),
    ],
    [
      "completeLogin() with a strategy's amr",
      ['hwk'],
      async ({ browser, id }) => void (await browser.get(`/strategy?says=mfa&id=${id}`)),
    ],
    [
      'completeLogin({ acceptMfa })',
      ['hwk', 'mfa'],
      async ({ browser, id }) => void (await browser.get(`/vouched?says=mfa&id=${id}`)),
    ],
    [
      'completeLogin({ reauthenticate })',
      ['hwk'],
      async ({ browser, username, id }) => {
        await password(browser, username);
        expect((await browser.get(`/again?id=${id}`)).status).toBe(200);
      },
    ],
    [
      // The user has no factor here, and a password doesn't renew what a provider has seen.
      'completeLogin({ reauthenticate, amr: pwd }) after a vouched login',
      ['pwd'],
      async ({ browser, id }) => {
        await browser.get(`/vouched?says=mfa&id=${id}`);
        expect((await browser.get(`/again-password?id=${id}`)).status).toBe(200);
      },
    ],
    ['startSession()', ['hwk'], async ({ browser, id }) => post(browser, '/own', { id, amr: CLAIMED })],
    [
      'startSession({ acceptMfa })',
      ['hwk', 'mfa'],
      async ({ browser, id }) => post(browser, '/own', { id, amr: CLAIMED, acceptMfa: true }),
    ],
    [
      'sessions.start()',
      ['hwk'],
      async ({ id }) => (await app.auth.sessions.start(id, { amr: CLAIMED })).accessToken,
    ],
    [
      'sessions.start() of mfa alone',
      undefined,
      async ({ id }) => (await app.auth.sessions.start(id, { amr: ['mfa'] })).accessToken,
    ],
    [
      'sessions.refresh()',
      ['hwk'],
      async ({ id }) => {
        const { refreshToken } = await app.auth.sessions.start(id, { amr: CLAIMED });
        return (await app.auth.sessions.refresh(refreshToken)).accessToken;
      },
    ],
    ['loginAs()', ['hwk'], async ({ id }) => (await loginAs(app.auth, id, { amr: CLAIMED })).accessToken],
    [
      'POST /reauthenticate with the password',
      ['pwd'],
      async ({ browser, username }) => {
        await password(browser, username);
        await post(browser, '/auth/reauthenticate', { password: PASSWORD });
      },
    ],
    [
      'POST /reauthenticate and then a code',
      ['otp', 'mfa'],
      async ({ browser, username }) => {
        await password(browser, username);
        const { authenticator } = await enrolIn(browser, app.clock);
        await post(browser, '/auth/reauthenticate', { code: authenticator.nextCode() });
      },
    ],
    [
      'POST /login/second-factor',
      ['pwd', 'rec', 'mfa'],
      async ({ browser, username }) => {
        await password(browser, username);
        const { recoveryCodes } = await enrolIn(browser, app.clock);
        expect((await password(browser, username)).status).toBe(401);
        await post(browser, '/auth/login/second-factor', { recoveryCode: recoveryCodes[0] });
      },
    ],
    [
      'POST /login/passkey',
      ['hwk', 'mfa'],
      async ({ browser, username }) => {
        await password(browser, username);
        const passkey = newPasskey();
        const { body } = await browser.post('/auth/passkeys/options');
        const registered = await browser
          .post('/auth/passkeys')
          .send({ credential: passkey.create(body as never) });
        expect(registered.status).toBe(201);
        const options = (await browser.post('/auth/login/passkey/options')).body as never;
        await post(browser, '/auth/login/passkey', { credential: passkey.get(options) });
      },
    ],
  ];

  test.each(ways)('%s: %j', async (_way, amr, login) => {
    names += 1;
    const username = `user${names}@example.com`;
    const { id } = await app.createUser(username);
    const browser = app.browser();
    const token = await login({ id, username, browser });
    expect(await (token === undefined ? amrOf(browser) : ofBearer(token))).toEqual(amr);
  });
});
