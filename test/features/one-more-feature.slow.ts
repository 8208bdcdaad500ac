import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import express, { type Express } from 'express';
import request from 'supertest';
import type { Auth, AuthOptions, Feature } from '../../src/index';
import { createAuthClient } from '../../src/client/index';
import { createDatabase, connectRedis, randomPrefix, type TestDatabase } from '../helpers/apps/backends';
import { ACCESS_SECRET, PASSWORD, REFRESH_SECRET } from '../helpers/apps/app';
import { describedRouter } from '../helpers/apps/described-router';

const ROOT = path.join(__dirname, '../..');

/** The rows that a feature adds to the catalogues: its code, the Korean text of it, its event, and the name of its limit. */
const ROWS: readonly [file: string, before: string, row: string][] = [
  [
    'src/errors.ts',
    '  FORBIDDEN: {',
    "  TERMS_NOT_ACCEPTED: { status: 403, message: 'The terms of use must be accepted first' },",
  ],
  ['src/messages/ko.ts', '  FORBIDDEN:', "  TERMS_NOT_ACCEPTED: '먼저 이용약관에 동의해야 합니다.',"],
  [
    'src/events/auth-event.ts',
    '  revocations: operational',
    '  termsAccepted: success<RequestOrigin & { userId: string; version: string }>(),',
  ],
  ['src/events/limit-name.ts', "  | 'username'", "  | 'accept-terms'"],
];

interface TermsOfUse {
  ticketFor(userId: string): Promise<string>;
}

/** The package with one feature more. */
interface Package {
  createAuth(options: AuthOptions): Auth;
  PostgresUserStore: typeof import('../../src/index').PostgresUserStore;
  RedisRefreshTokenStore: typeof import('../../src/index').RedisRefreshTokenStore;
  MemoryUserStore: typeof import('../../src/index').MemoryUserStore;
  MemoryRefreshTokenStore: typeof import('../../src/index').MemoryRefreshTokenStore;
}

let project: string;

/** A copy of the package, with the folder of the feature and its rows: it must compile in strict mode. */
beforeAll(() => {
  project = mkdtempSync(path.join(tmpdir(), 'feature-'));
  for (const name of ['src', 'scripts/layers.cjs', 'package.json', 'tsconfig.json', 'tsconfig.build.json'])
    cpSync(path.join(ROOT, name), path.join(project, name), { recursive: true });
  cpSync(path.join(ROOT, '.dependency-cruiser.cjs'), path.join(project, '.dependency-cruiser.cjs'));
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(project, 'node_modules'));
  cpSync(path.join(__dirname, 'terms-of-use'), path.join(project, 'src/features/terms-of-use'), {
    recursive: true,
  });
  for (const [file, before, row] of ROWS) {
    const text = readFileSync(path.join(project, file), 'utf8');
    const at = text.indexOf(before);
    if (at === -1) throw new Error(`${file} has no line that begins with ${before}`);
    writeFileSync(path.join(project, file), `${text.slice(0, at)}${row.trimStart()}\n${text.slice(at)}`);
  }
  run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

function run(program: string, ...args: string[]): string {
  return execFileSync(process.execPath, [path.join(ROOT, program), ...args], {
    cwd: project,
    encoding: 'utf8',
  });
}

const built = <Module>(file: string): Module =>
  jest.requireActual<object>(path.join(project, 'dist', file)) as Module;

test('a feature is one folder and a row each in errors, texts and events, and keeps to the layers', () => {
  const cruise = 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs';
  const report = run(cruise, 'src', '--config', '.dependency-cruiser.cjs');
  expect(report).toContain('no dependency violations');
  expect(new Set(ROWS.map(([file]) => file))).toEqual(
    new Set(['src/errors.ts', 'src/messages/ko.ts', 'src/events/auth-event.ts', 'src/events/limit-name.ts']),
  );
});

describe.each(['memory', 'PostgreSQL and Redis'])('on %s', (stores) => {
  let database: TestDatabase | undefined;
  let redis: ReturnType<typeof connectRedis> | undefined;
  let auth: Auth;
  let terms: TermsOfUse;
  let app: Express;
  let user: { id: string };

  beforeEach(async () => {
    const { createAuth, ...made } = built<Package>('index.js');
    const { termsOfUse } = built<{ termsOfUse(options: object): Feature & TermsOfUse }>(
      'features/terms-of-use/terms-of-use.js',
    );
    let users: AuthOptions['users'] = new made.MemoryUserStore();
    let refreshTokens: AuthOptions['refreshTokens'] = new made.MemoryRefreshTokenStore();
    if (stores !== 'memory') {
      database = await createDatabase();
      redis = connectRedis();
      const postgres = new made.PostgresUserStore(database.pool);
      await postgres.migrate();
      users = postgres;
      refreshTokens = new made.RedisRefreshTokenStore(redis, { keyPrefix: randomPrefix() });
    }
    const feature = termsOfUse({ version: '2026-11' });
    terms = feature;
    auth = createAuth({
      users,
      refreshTokens,
      accessToken: { secret: ACCESS_SECRET },
      refreshToken: { secret: REFRESH_SECRET },
      password: { cost: 10 },
      features: [feature],
    });
    app = express().use('/auth', describedRouter(auth));
    const registered = await request(app)
      .post('/auth/register')
      .send({ username: 'ann', password: PASSWORD });
    user = (registered.body as { user: { id: string } }).user;
  });

  afterEach(async () => {
    await auth.close();
    redis?.disconnect();
    await database?.close();
  });

  const login = () => request(app).post('/auth/login').send({ username: 'ann', password: PASSWORD });

  test('refuses a session, in the language of the request, until its endpoint was called', async () => {
    const refused = await login();
    expect([refused.status, refused.body]).toEqual([
      403,
      { code: 'TERMS_NOT_ACCEPTED', message: 'The terms of use must be accepted first' },
    ]);
    expect(refused.headers['set-cookie']).toBeUndefined();
    expect(await auth.sessions.list(user.id)).toEqual([]);
    const korean = await login().set('Accept-Language', 'ko');
    expect((korean.body as { message: string }).message).toBe('먼저 이용약관에 동의해야 합니다.');

    const accepted: unknown[] = [];
    auth.events.on('termsAccepted' as 'login', (event) => accepted.push(event));
    const ticket = await terms.ticketFor(user.id);
    const answer = await request(app).post('/auth/terms/accept').send({ ticket });
    expect([answer.status, answer.body]).toEqual([200, { version: '2026-11' }]);
    expect(accepted).toMatchObject([{ type: 'termsAccepted', userId: user.id, version: '2026-11' }]);
    expect((await login()).status).toBe(200);
  });

  test('limits wrong tickets, and a ticket is good once', async () => {
    const accept = (ticket: unknown) => request(app).post('/auth/terms/accept').send({ ticket });
    const ticket = await terms.ticketFor(user.id);
    const parallel = await Promise.all([accept(ticket), accept(ticket)]);
    expect(parallel.map(({ status }) => status).sort()).toEqual([200, 401]);
    expect((await accept(7)).body).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path: 'ticket' }] });
    const locked: unknown[] = [];
    auth.events.on('locked', (event) => locked.push(event));
    const statuses = [];
    for (let attempt = 0; attempt < 4; attempt += 1) statuses.push((await accept('wrong')).status);
    expect(statuses).toContain(401);
    expect(statuses.at(-1)).toBe(429);
    expect(locked[0]).toMatchObject({ limit: 'accept-terms' });
  });

  test('is in the document, and in the client', async () => {
    const { paths, components } = auth.openapi();
    expect(paths['/terms/accept']?.['post']).toMatchObject({ operationId: 'acceptTerms' });
    expect(components.schemas['AuthTermsRequest']).toMatchObject({ required: ['ticket'] });

    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      const { port } = server.address() as { port: number };
      const client = createAuthClient({ baseUrl: `http://127.0.0.1:${port}/auth` });
      const { termsClient } = built<{
        termsClient(client: unknown): { version(): Promise<string>; accept(ticket: string): Promise<void> };
      }>('features/terms-of-use/terms-client.js');
      const calls = termsClient(client);
      expect(await calls.version()).toBe('2026-11');
      await calls.accept(await terms.ticketFor(user.id));
      await expect(calls.accept('wrong')).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS', status: 401 });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});

test('names what is wrong with its options', () => {
  const { termsOfUse } = built<{ termsOfUse(options: object): unknown }>(
    'features/terms-of-use/terms-of-use.js',
  );
  expect(() => termsOfUse({ versions: '1' })).toThrow(
    /termsOfUse\(\): Unknown option versions: known are version \(did you mean version\?\)/,
  );
});
