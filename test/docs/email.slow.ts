import express from 'express';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import request from 'supertest';
import {
  MemoryRefreshTokenStore,
  MemoryUserStore,
  type Auth,
  type EmailAccount,
  type Mail,
} from '../../src/index';
import { ACCESS_SECRET, PASSWORD, REFRESH_SECRET } from '../helpers/apps/app';
import { eventually } from '../helpers/eventually';
import { postJson } from '../helpers/post-json';
import { useDocPage } from '../helpers/snippets';
import { emailApp, tokenOf } from '../features/email-account/email-app';

const page = useDocPage('docs/email.md');
const EMAIL = 'ann@example.com';

beforeAll(() => {
  Object.assign(process.env, { ACCESS_TOKEN_SECRET: ACCESS_SECRET, REFRESH_TOKEN_SECRET: REFRESH_SECRET });
});

test('the app of the page registers an address, and logs in with the link in the mail', async () => {
  const received: string[] = [];
  const smtp = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        received.push(Buffer.concat(chunks).toString('utf8'));
        done();
      });
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = smtp.server.address() as AddressInfo;
    const env = { SMTP_URL: `smtp://127.0.0.1:${port}`, BASE_URL: 'https://app.example.com' };
    const browse = await page.start('setup', env);
    const registered = await browse('/auth/register', postJson({ email: EMAIL, password: PASSWORD }));
    expect(registered.status).toBe(202);
    await eventually('a mail', () => Promise.resolve(received.length > 0));
    const { text = '', from, to } = await new PostalMime().parse(received[0] as string);
    expect([from?.address, to?.map(({ address }) => address)]).toEqual(['hello@example.com', [EMAIL]]);
    const [url = ''] = /https:\/\/app\.example\.com\/verify-email#token=[\w-]+/.exec(text) ?? [];
    const verified = await browse('/auth/email/verify', postJson({ token: tokenOf({ url } as Mail) }));
    expect([verified.status, await verified.json()]).toMatchObject([200, { user: { username: EMAIL } }]);
    expect((await browse('/auth/check')).status).toBe(200);
  } finally {
    await new Promise<void>((resolve) => smtp.close(() => resolve()));
  }
});

test('the guard of the page lets no one pass whose address is not proved', async () => {
  const email = emailApp({ account: { verification: 'later' } });
  page.evaluate('guard', { './app.mjs': { app: email.app, auth: email.auth } });
  const browser = email.browser();
  const body = { username: EMAIL, password: PASSWORD };
  expect((await browser.post('/auth/register').send(body)).status).toBe(201);
  await browser.post('/auth/login').send(body);
  const refused = await browser.post('/invoices');
  expect([refused.status, refused.body]).toMatchObject([403, { code: 'EMAIL_NOT_VERIFIED' }]);
  const token = tokenOf(await email.mailTo(EMAIL, 'verify'));
  expect((await browser.post('/auth/email/verify').send({ token })).status).toBe(200);
  expect((await browser.post('/invoices')).status).toBe(201);
  await email.auth.close();
});

test('support gets a link, and the texts of the page are in the mail', async () => {
  const mails: Mail[] = [];
  const modules = { './send.mjs': { send: (mail: Mail) => mails.push(mail) } };
  const users = new MemoryUserStore();
  const { auth, help } = page.evaluate('support', { ...modules, './stores.mjs': { users } }) as {
    auth: Auth;
    help(userId: string): Promise<string>;
  };
  const { id } = await users.create({ username: EMAIL, passwordHash: null });
  const url = await help(id);
  const app = express().use('/auth', auth.router);
  const body = { token: tokenOf({ url } as Mail), newPassword: PASSWORD };
  expect((await request(app).post('/auth/password/reset').send(body)).status).toBe(200);
  await eventually('a mail', () => Promise.resolve(mails.length > 0));
  expect(mails[0]).toMatchObject({ kind: 'reset', to: EMAIL });
  await auth.close();

  const { account } = page.evaluate('texts', modules) as { account: EmailAccount };
  const other = emailApp({
    stores: { users, refreshTokens: new MemoryRefreshTokenStore() },
    feature: account,
  });
  mails.length = 0;
  await account.sendReset(id);
  await eventually('a mail', () => Promise.resolve(mails.length > 0));
  expect(mails[0]?.subject).toBe('Choose a new password for Example');
  await other.auth.close();
});

test('a mail goes to a mail service by HTTP, and into a queue', async () => {
  const bodies: string[] = [];
  let status = 202;
  const service = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      bodies.push(`${req.headers.authorization} ${body}`);
      res.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => service.once('listening', resolve));
  const { port } = service.address() as AddressInfo;
  process.env['MAIL_API_URL'] = `http://127.0.0.1:${port}/`;
  process.env['MAIL_API_KEY'] = 'key';
  try {
    const { send } = page.evaluate('http') as { send(mail: object): Promise<void> };
    await send({ to: EMAIL, subject: 'Hello', text: 'text', html: '<p>text</p>' });
    expect(bodies[0]).toMatch(/^Bearer key \{.*"subject":"Hello"/);
    status = 500;
    await expect(send({ to: EMAIL })).rejects.toThrow('The mail service answered 500');
  } finally {
    service.close();
    delete process.env['MAIL_API_URL'];
    delete process.env['MAIL_API_KEY'];
  }
  const add = jest.fn();
  const { send } = page.evaluate('queue', { './queue.mjs': { queue: { add } } }) as {
    send(mail: object): unknown;
  };
  send({ to: EMAIL });
  expect(add).toHaveBeenCalledWith('mail', { to: EMAIL }, expect.any(Object));
});

test('templates of an app get the link and the code, and other kinds the texts of the package', () => {
  const sendTemplate = jest.fn();
  const { send } = page.evaluate('renderer', { './templates.mjs': { sendTemplate } }) as {
    send(mail: object): void;
  };
  const texts = { subject: 'Hello', text: 'text', html: '<p>text</p>' };
  const mail = { to: EMAIL, locale: 'ko', ...texts };
  send({ ...mail, kind: 'reset', url: 'https://app.example.com/reset-password#token=a' });
  send({ ...mail, kind: 'login-code', code: '492817' });
  send({ ...mail, kind: 'verify' });
  expect(sendTemplate.mock.calls).toEqual([
    ['reset-password', { to: EMAIL, locale: 'ko', url: 'https://app.example.com/reset-password#token=a' }],
    ['login-code', { to: EMAIL, locale: 'ko', code: '492817' }],
    ['plain', { to: EMAIL, ...texts }],
  ]);
});

test('the page of a link takes the token out of the address bar, and sends it', async () => {
  const sent: [string, unknown][] = [];
  const message = 'must be at least 8 characters long';
  const answers = [
    Response.json(
      { code: 'VALIDATION_FAILED', message: '', errors: [{ path: 'newPassword', message }] },
      { status: 400 },
    ),
    Response.json({ message: 'ok' }),
  ];
  const {
    fetch,
    location,
    history,
    Request: OriginalRequest,
  } = globalThis as unknown as Record<string, unknown>;
  const replaceState = jest.fn();
  Object.assign(globalThis, {
    location: {
      hash: '#token=abc',
      pathname: '/reset-password',
      search: '',
      href: 'https://app.example.com/reset-password#token=abc',
    },
    history: { state: null, replaceState },
    Request: class extends (OriginalRequest as typeof Request) {
      constructor(asked: string | Request, init?: RequestInit) {
        super(typeof asked === 'string' ? new URL(asked, 'https://app.example.com') : asked, init);
      }
    },
    fetch: async (asked: Request) => {
      sent.push([new URL(asked.url).pathname, await asked.json()]);
      return answers.shift();
    },
  });
  try {
    const { onSubmit } = page.evaluate('client') as { onSubmit(password: string): Promise<string> };
    expect(replaceState).toHaveBeenCalled();
    expect(await onSubmit('short')).toBe(message);
    expect(await onSubmit(PASSWORD)).toBe('Log in with your new password');
    expect(sent).toEqual([
      ['/auth/password/reset', { token: 'abc', newPassword: 'short' }],
      ['/auth/password/reset', { token: 'abc', newPassword: PASSWORD }],
    ]);
  } finally {
    Object.assign(globalThis, { fetch, location, history, Request: OriginalRequest });
  }
});
