import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import request from 'supertest';
import {
  createAuth,
  MemoryRefreshTokenStore,
  MemoryUserStore,
  PostgresUserStore,
  RedisRefreshTokenStore,
  type Auth,
  type AuthOptions,
  type CompleteLoginOptions,
  type UserStore,
} from '../../../src/index';
import { describedRouter } from './described-router';
import { createDatabase, randomPrefix } from './backends';
import { lastingServer } from './lasting-server';
import { REDIS_PACKAGES, sharedRedisUrl } from './redis-clients';
import { useQuickPasswords } from './quick-passwords';

useQuickPasswords();

export const ACCESS_SECRET = 'access-secret-of-the-tests-0123456789';
export const REFRESH_SECRET = 'refresh-secret-of-the-tests-987654321';
export const PASSWORD = 'correct horse 9 battery';

/** A test's options override the defaults group by group: `accessToken: { … }` keeps the default secret. */
export type TestOptions = Partial<Omit<AuthOptions, 'accessToken' | 'refreshToken'>> & {
  accessToken?: Partial<AuthOptions['accessToken']>;
  refreshToken?: Partial<AuthOptions['refreshToken']>;
};

export interface TestApp {
  readonly auth: Auth;
  readonly app: Express;
  /** Errors that reached the app's own error handler, which answers 500. */
  readonly unforeseen: unknown[];
  /** A client that keeps cookies, like a browser. */
  browser(): ReturnType<typeof request.agent>;
  /** A client without cookies. */
  client(): ReturnType<typeof request>;
  /** @param password Default: `PASSWORD` */
  register(username: string, password?: string): Promise<{ id: string; username: string; roles: string[] }>;
  /** A browser that is logged in. */
  loggedIn(username: string, body?: object): Promise<ReturnType<typeof request.agent>>;
  /** The tokens of a new login, in the body. */
  tokensOf(username: string): Promise<{ accessToken: string; refreshToken: string }>;
}

/** A `Cookie` header. */
export function cookieHeader(cookies: Record<string, string>): string {
  return Object.entries(cookies)
    .map((pair) => pair.join('='))
    .join('; ');
}

/**
 * An app with the router at /auth and a guarded /profile. Every answer of the router is compared with its OpenAPI description.
 * Default stores are in memory.
 */
export function createTestApp(
  options: TestOptions = {},
  mount?: (app: Express, auth: Auth) => void,
): TestApp {
  const users = options.users ?? new MemoryUserStore();
  const auth = createAuth({
    refreshTokens: new MemoryRefreshTokenStore(),
    password: { cost: 10 },
    ...options,
    users,
    accessToken: { secret: ACCESS_SECRET, ...options.accessToken },
    refreshToken: { secret: REFRESH_SECRET, ...options.refreshToken },
  });
  const app = express();
  const unforeseen: unknown[] = [];
  app.use('/auth', describedRouter(auth));
  app.get('/profile', auth.tokenVerify, (req, res) => {
    res.json(req.user);
  });
  app.post('/quick-login', express.json(), quickLogin(auth, users));
  mount?.(app, auth);
  app.use(((error: unknown, _req, res, _next) => {
    unforeseen.push(error);
    res.status(500).json({ code: 'APP_ERROR' });
  }) satisfies ErrorRequestHandler);

  const server = lastingServer(app);
  const client = () => request(server);
  const login = async (agent: ReturnType<typeof request.agent>, username: string, body: object) => {
    const response = await agent.post('/quick-login').send({ username, ...body });
    if (response.status !== 200) throw new Error(`login answered ${response.status}: ${response.text}`);
    return response.body as { accessToken: string; refreshToken: string };
  };
  return {
    auth,
    app,
    unforeseen,
    client,
    browser: () => request.agent(server),
    async register(username, password = PASSWORD) {
      const post = () => client().post('/auth/register').send({ username, password });
      let response = await post();
      // On a busy machine a store call may take longer than its limit of a second.
      if (response.status === 503) response = await post();
      if (response.status !== 201) throw new Error(`register answered ${response.status}: ${response.text}`);
      return (response.body as { user: { id: string; username: string; roles: string[] } }).user;
    },
    async loggedIn(username, body = {}) {
      const agent = request.agent(server);
      await login(agent, username, body);
      return agent;
    },
    tokensOf: (username) => login(request.agent(server), username, { transport: 'body' }),
  };
}

/** A login without a password: hashing one takes as long as the rest of a test. */
function quickLogin(auth: Auth, users: UserStore): RequestHandler {
  return (req, res, next) => {
    const { username, ...options } = req.body as CompleteLoginOptions & { username: string };
    users.findByUsername(username).then((user) => {
      req.user = user as unknown as Express.User;
      auth.completeLogin(options)(req, res, next);
    }, next);
  };
}

export interface RealStores {
  /** Options for `createTestApp`. */
  readonly options: { users: PostgresUserStore; refreshTokens: RedisRefreshTokenStore };
  close(): Promise<void>;
}

/**
 * What `createRealStores` makes: the package of its clients, or the stores altogether. A test file sets it to run the tests of another
 * file over it.
 */
export const realClients: { package: keyof typeof REDIS_PACKAGES; stores?: () => Promise<RealStores> } = {
  package: 'ioredis',
};

/** Users in a new PostgreSQL database, sessions in Redis with a new key prefix. */
export async function createRealStores(): Promise<RealStores> {
  if (realClients.stores) return realClients.stores();
  const database = await createDatabase();
  const { client, end } = await REDIS_PACKAGES[realClients.package].connect(sharedRedisUrl());
  const users = new PostgresUserStore(database.pool);
  await users.migrate();
  return {
    options: { users, refreshTokens: new RedisRefreshTokenStore(client, { keyPrefix: randomPrefix() }) },
    async close() {
      end();
      await database.close();
    },
  };
}

/** The `Set-Cookie` headers of an answer by cookie name: the value, and the sorted attributes except `Expires`. */
export function setCookies(response: {
  headers: object;
}): Record<string, { value: string; attributes: string[] }> {
  const lines = (response.headers as { 'set-cookie'?: string[] })['set-cookie'] ?? [];
  return Object.fromEntries(
    lines.map((line) => {
      const [pair = '', ...attributes] = line.split('; ');
      const [name = '', value = ''] = pair.split('=');
      return [name, { value, attributes: attributes.filter((each) => !each.startsWith('Expires=')).sort() }];
    }),
  );
}

/** Whether the answer clears both token cookies (true) or sets no cookie (false). It fails on any other answer. */
export function clearsCookies(response: { headers: object }): boolean {
  const lines = (response.headers as { 'set-cookie'?: string[] })['set-cookie'] ?? [];
  if (lines.length === 0) return false;
  const cleared = lines.map(
    (line) => /^(accessToken|refreshToken)=;.* Expires=Thu, 01 Jan 1970/.exec(line)?.[1],
  );
  expect(cleared.sort()).toEqual(['accessToken', 'refreshToken']);
  return true;
}
