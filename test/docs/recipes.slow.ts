import { once } from 'node:events';
import { createServer, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import bcrypt from 'bcryptjs';
import express from 'express';
import request from 'supertest';
import { MemoryUserStore, type Auth } from '../../src/index';
import { ACCESS_SECRET, createTestApp, PASSWORD, REFRESH_SECRET } from '../helpers/apps/app';
import { postJson } from '../helpers/post-json';
import { useDocPage, type Running } from '../helpers/snippets';

const page = useDocPage(
  'docs/recipes.md',
  ...['begin', 'end', 'functions', 'tenant', 'email', 'invite', 'admin', 'vite'],
  ...['problem-details', 'realworld'],
);
const TENANTS = `let first;
export const tenantOf = async (userId) => ((first ??= userId) === userId ? 'acme' : undefined);`;

beforeAll(() => page.write('tenants.mjs', TENANTS));
// For the snippets that run in this process.
Object.assign(process.env, { ACCESS_TOKEN_SECRET: ACCESS_SECRET, REFRESH_TOKEN_SECRET: REFRESH_SECRET });

const start = (recipe: string) => page.start(['begin', 'functions', recipe, 'end']);
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
const register = (app: Running, username: string, password = PASSWORD, more = {}) =>
  app('/auth/register', postJson({ username, password, ...more }));
const logIn = (app: Running, username: string, password = PASSWORD) =>
  app('/auth/login', postJson({ username, password }));
const put = (body: object) => ({ ...postJson(body), method: 'PUT' });

test('a tenant id is looked up after the guard; a user without one gets 403', async () => {
  const app = await page.start(['begin', 'tenant', 'end']);
  expect((await app('/invoices')).status).toBe(401);
  for (const [username, status, body] of [
    ['ann', 200, { tenantId: 'acme' }],
    ['bob', 403, { code: 'FORBIDDEN' }],
  ] as const) {
    await register(app, username);
    await logIn(app, username);
    const response = await app('/invoices');
    expect([response.status, await response.json()]).toEqual([status, expect.objectContaining(body)]);
  }
});

test('an e-mail address is kept beside the username, and a wrong one is refused', async () => {
  const app = await start('email');
  await register(app, 'ann');
  await logIn(app, 'ann');
  expect(await (await app('/me')).json()).toMatchObject({ username: 'ann', email: null });
  for (const email of [undefined, 5, 'ann', 'a b@c', 'a\nb@c', `${'a'.repeat(250)}@b.cd`]) {
    const refused = await app('/me/email', put({ email }));
    expect([refused.status, await codeOf(refused)]).toEqual([400, 'VALIDATION_FAILED']);
  }
  expect((await app('/me/email', put({ email: 'ann@example.com' }))).status).toBe(204);
  expect(await (await app('/me')).json()).toMatchObject({ username: 'ann', email: 'ann@example.com' });
});

test('extra fields of a registration are refused by name', async () => {
  const app = await page.start(['begin', 'end']);
  const response = await register(app, 'ann', PASSWORD, { company: 'Acme', roles: ['admin'] });
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { code: 'VALIDATION_FAILED', errors: [{ path: 'company' }, { path: 'roles' }] },
  ]);
});

test('an invitation of an admin registers one user, whose username it names', async () => {
  const app = await page.start(['begin', 'functions', 'admin', 'invite', 'end'], {
    ADMIN_USERNAME: 'root',
    ADMIN_PASSWORD: PASSWORD,
  });
  expect((await app('/invitations', postJson({ email: 'ann@example.com' }))).status).toBe(401);
  expect((await logIn(app, 'root')).status).toBe(200);
  const invited = await app('/invitations', postJson({ email: 'ann@example.com' }));
  const { invitation } = (await invited.json()) as { invitation: string };

  for (const wrong of [{}, { invitation: 'guessed' }, { invitation: { $ne: 1 } }])
    expect(await codeOf(await register(app, 'eve', PASSWORD, wrong))).toBe('FORBIDDEN');
  expect(await codeOf(await register(app, 'eve', 'short', { invitation }))).toBe('VALIDATION_FAILED');
  const registered = await register(app, 'eve', PASSWORD, { invitation });
  expect(await registered.json()).toMatchObject({ user: { username: 'ann@example.com' } });
  expect(await codeOf(await register(app, 'eve', PASSWORD, { invitation }))).toBe('USERNAME_TAKEN');
});

test.each<[what: string, password: string | undefined, problem: string]>([
  ['without ADMIN_PASSWORD', undefined, 'is required'],
  ['with an empty one', '', 'must not be empty'],
  ['with a short one', 'short', 'must be at least 8 characters long'],
  ['with a common one', 'password123', 'is one of the most common passwords: choose another'],
  ['with the name of the admin', 'root-of-all', 'must differ from the username'],
])('the app with a first admin does not start %s, and says why', async (_what, password, problem) => {
  const env = { ADMIN_USERNAME: 'root-of-all', ...(password !== undefined && { ADMIN_PASSWORD: password }) };
  const child = page.run(['begin', 'admin', 'end'], env, { stderr: 'pipe' });
  const [output, [status]] = await Promise.all([
    text(child.stderr as Readable),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  expect(status).toBe(1);
  expect(output).toContain(`The admin root-of-all can't be created: ADMIN_PASSWORD ${problem}`);
  expect(output).not.toContain(`'${password ?? 'undefined'}'`);
});

test('a plain bcrypt hash of a long password logs in, and is replaced by one that counts every byte', async () => {
  const users = new MemoryUserStore();
  const { client } = createTestApp({ users, password: { cost: 10 } });
  const statusOf = async (username: string, password: string) =>
    (await client().post('/auth/login').send({ username, password })).status;
  for (const [username, password, cost] of [
    ['short', PASSWORD, 10],
    ['weak', PASSWORD, 4],
    ['long', 'x'.repeat(120), 10],
  ] as const) {
    const plain = await bcrypt.hash(password, cost);
    const { id } = await users.create({ username, passwordHash: plain });
    expect(await statusOf(username, password)).toBe(200);
    const isKept = (await users.findById(id))?.passwordHash === plain;
    expect([username, isKept]).toEqual([username, username === 'short']);
    expect(await statusOf(username, password)).toBe(200);
  }
  expect(await statusOf('long', `${'x'.repeat(72)}y`)).toBe(401);
});

interface Recipe {
  auth: Auth;
}

async function failuresOf(recipe: string) {
  const { auth } = page.evaluate(recipe) as unknown as Recipe;
  const app = express().use('/auth', auth.router);
  const login = (body: object) => request(app).post('/auth/login').send(body);
  const korean = await login({ username: 'ann' }).set('Accept-Language', 'ko');
  expect(korean.text).toContain('필수 항목입니다.');
  const failures = [await login({ username: 'ann' }), await login({ username: 'ann', password: PASSWORD })];
  const { components } = auth.openapi();
  await auth.close();
  return { failures, components };
}

test('errors are problem details, and the OpenAPI document says so', async () => {
  const { failures, components } = await failuresOf('problem-details');
  expect(failures.map(({ status, type, body }) => [status, type, body as object])).toEqual([
    [
      400,
      'application/problem+json',
      {
        type: 'https://example.com/problems/VALIDATION_FAILED',
        ...{ title: 'Validation failed', status: 400, code: 'VALIDATION_FAILED' },
        errors: [{ pointer: '#/password', detail: 'is required' }],
      },
    ],
    [
      401,
      'application/problem+json',
      {
        type: 'https://example.com/problems/INVALID_CREDENTIALS',
        ...{ title: 'Invalid username or password', status: 401, code: 'INVALID_CREDENTIALS' },
      },
    ],
  ]);
  expect(components.schemas['AuthFailure']).toMatchObject({ required: ['type', 'title', 'status', 'code'] });
});

test("errors have RealWorld's shape", async () => {
  const { failures } = await failuresOf('realworld');
  expect(failures.map(({ status, body }) => [status, body as object])).toEqual([
    [400, { errors: { password: ['is required'] } }],
    [401, { errors: { INVALID_CREDENTIALS: ['Invalid username or password'] } }],
  ]);
});

test("Vite: through the proxy, a form of the page's own origin is not cross-site, even for an old browser", async () => {
  const app = await page.start(['begin', 'end']);
  interface Rule {
    target: string;
    changeOrigin: boolean;
  }
  const config = page.evaluate('vite')['default'] as { server: { proxy: Record<string, Rule> } };
  const rule = config.server.proxy['/auth'] as Rule;
  expect(rule.target).toBe('http://localhost:3000');
  // Does what Vite's proxy does with such a rule.
  const proxy = createServer((req, res) => {
    const headers = rule.changeOrigin ? { ...req.headers, host: new URL(app.address).host } : req.headers;
    const forwarded = sendRequest(
      app.address + String(req.url),
      { method: req.method, headers },
      (answer) => {
        res.writeHead(answer.statusCode as number);
        answer.pipe(res);
      },
    );
    req.pipe(forwarded);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const origin = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const init = postJson({ username: 'ann', password: PASSWORD });
  const own = await fetch(`${origin}/auth/register`, { ...init, headers: { ...init.headers, origin } });
  expect(own.status).toBe(201);
  proxy.closeAllConnections();
  proxy.close();
});
