import {
  createAuth,
  emailAccount,
  MemoryRefreshTokenStore,
  MemoryUserStore,
  type EmailAccountOptions,
} from '../../../src/index';
import { ACCESS_SECRET, REFRESH_SECRET } from '../../helpers/apps/app';

const OPTIONS: EmailAccountOptions = { send: () => undefined, baseUrl: 'https://app.example.com' };

const authWith = (options: object, cookies: object = {}) =>
  createAuth({
    users: new MemoryUserStore(),
    refreshTokens: new MemoryRefreshTokenStore(),
    accessToken: { secret: ACCESS_SECRET },
    refreshToken: { secret: REFRESH_SECRET },
    features: [emailAccount({ ...OPTIONS, ...options })],
    cookies,
  });

const ONE_OR_BOTH = "login must be false, 'link', 'code' or ['link', 'code']";

test.each<[what: string, options: object, message: string]>([
  ['no send', { send: undefined }, 'send must be a function that sends a mail, such as (mail) =>'],
  ['a transport', { send: { sendMail: () => undefined } }, 'send must be a function that sends a mail'],
  ['no baseUrl', { baseUrl: undefined }, 'baseUrl is missing: set it to where users reach your app, such as'],
  ['a baseUrl without http', { baseUrl: 'app.example.com' }, 'baseUrl must be an http(s) URL'],
  ['a baseUrl that is no text', { baseUrl: new URL('https://a.example') }, 'baseUrl must be a text, not an'],
  ['login: true', { login: true }, ONE_OR_BOTH],
  ['an empty list', { login: [] }, ONE_OR_BOTH],
  ['a path without a slash', { paths: { reset: 'reset' } }, "paths.reset must begin with one '/'"],
  ['a lifetime in words', { lifetimes: { reset: 'soon' } }, 'lifetimes.reset must be a duration'],
  ['a limit of 0', { limits: { mailbox: 0 } }, 'limits.mailbox must be at least 1'],
  [
    'texts without a language',
    { texts: { reset: { subject: 'Hi' } } },
    'texts.reset must be named by a language',
  ],
  ['a misspelt option', { baseURL: 'https://a.example' }, '(did you mean baseUrl?)'],
])('emailAccount() with %s throws and names the option', (_what, options, message) => {
  expect(() => authWith(options)).toThrow(TypeError);
  expect(() => authWith(options)).toThrow(message);
});

test('a way to log in that is named twice counts once', () => {
  const auth = authWith({ login: ['link', 'link'] });
  expect(auth.openapi().paths).toHaveProperty('/login/link');
  return auth.close();
});

test('baseUrl needs HTTPS where cookies are Secure, except on this machine', async () => {
  const insecure = { baseUrl: 'http://app.example.com' };
  expect(() => authWith(insecure, { secure: true })).toThrow(
    'baseUrl begins with http:, but cookies are Secure',
  );
  for (const [options, secure] of [
    [insecure, false],
    [{ baseUrl: 'http://localhost:3000' }, true],
    [{ baseUrl: 'http://127.0.0.1:3000' }, true],
    [{ baseUrl: 'http://[::1]:3000' }, true],
    [{ baseUrl: 'HTTPS://app.example.com' }, true],
  ] as const)
    await authWith(options, { secure }).close();
});

test.each<[options: unknown, message: string]>([
  [{ lang: 'ko' }, 'sendReset(): Unknown option lang: known are locale'],
  [{ locale: 3 }, 'sendReset(): locale must be a text, not a number'],
  [{ locale: 'x_y' }, 'sendReset(): locale must be named by a language tag'],
  [null, 'sendReset() needs an object of options'],
])('sendReset with the options %j rejects and names the option', async (options, message) => {
  await expect(emailAccount(OPTIONS).sendReset('1', options as { locale: string })).rejects.toThrow(message);
});
