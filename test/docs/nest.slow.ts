import { Controller, Get, Logger, type INestApplication, type Type } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import request from 'supertest';
import * as source from '../../src';
import { ACCESS_SECRET, PASSWORD, REFRESH_SECRET, setCookies } from '../helpers/apps/app';
import { quickHash } from '../helpers/apps/quick-passwords';
import { compilerMessages } from '../helpers/compiler-messages';
import { useDocPage } from '../helpers/snippets';

Object.assign(process.env, { ACCESS_TOKEN_SECRET: ACCESS_SECRET, REFRESH_TOKEN_SECRET: REFRESH_SECRET });

/** Sessions in a server that can be down. */
let isDown = false;
class Sessions extends source.MemoryRefreshTokenStore {
  override find(...session: Parameters<source.MemoryRefreshTokenStore['find']>) {
    return isDown ? Promise.reject(new source.AuthError('SERVICE_UNAVAILABLE')) : super.find(...session);
  }
}

const page = useDocPage('docs/nest.md');
const users = new source.MemoryUserStore();

const authFile = page.evaluate('auth', { 'passport-visa': source }) as { AUTH: symbol; AuthGuard: Type };
const { createApp } = page.evaluate('app', {
  'passport-visa': { ...source, MemoryRefreshTokenStore: Sessions },
  './auth': authFile,
  './users': { users },
}) as { createApp: () => Promise<INestApplication> };

let app: INestApplication;
beforeAll(async () => {
  Logger.overrideLogger(false);
  app = await createApp();
  await app.listen(0, '127.0.0.1');
});
afterAll(() => app.close());

const client = () => request(app.getHttpServer() as string);
const agent = () => request.agent(app.getHttpServer() as string);

async function loggedIn(username: string, roles: string[] = []) {
  await client().post('/auth/register').send({ username, password: PASSWORD }).expect(201);
  const { id } = (await users.findByUsername(username)) as { id: string };
  await users.update(id, { roles });
  const browser = agent();
  await browser.post('/auth/login').send({ username, password: PASSWORD }).expect(200);
  return browser;
}

test('the router answers in front of the body parsers of Nest, and broken JSON in its own way', async () => {
  const broken = await client().post('/auth/login').type('json').send('{"username":');
  expect([broken.status, (broken.body as { code: string }).code]).toEqual([400, 'MALFORMED_BODY']);
});

test('the guard lets a user pass, and @CurrentUser() is the user of the token', async () => {
  const ann = await loggedIn('ann');
  const profile = await ann.get('/profile');
  expect([profile.status, Object.keys(profile.body as object)]).toEqual([
    200,
    ['id', 'roles', 'sessionId', 'authTime'],
  ]);
  expect((await ann.get('/')).body).toEqual({ user: (profile.body as { id: string }).id });
  expect((await client().get('/')).body).toEqual({ user: null });
});

test('a refusal has the status, the headers and the body of the router, in the language of the request', async () => {
  const none = await client().get('/profile').set('Accept-Language', 'ko');
  expect([none.status, none.headers['www-authenticate'], none.body]).toEqual([
    401,
    'Bearer',
    { code: 'NO_ACCESS_TOKEN', message: expect.stringMatching(/[가-힣]/) },
  ]);
  const forged = await client().get('/profile').set('Authorization', 'Bearer a.b.c');
  expect(forged.body).toEqual({ code: 'ACCESS_TOKEN_INVALID', message: 'Access token invalid' });
  expect((await (await loggedIn('bob')).get('/admin')).body).toMatchObject({ code: 'FORBIDDEN' });
});

test('an outage is 503, and the session works again afterwards', async () => {
  const admin = await loggedIn('admin', ['admin']);
  await admin.get('/admin').expect(200, { secret: 42 });
  isDown = true;
  const down = await admin.get('/admin');
  isDown = false;
  expect([down.status, down.headers['retry-after'], (down.body as { code: string }).code]).toEqual([
    503,
    '2',
    'SERVICE_UNAVAILABLE',
  ]);
  await admin.get('/admin').expect(200);
});

test('a page of another site gets no further than the guard', async () => {
  const carl = await loggedIn('carl');
  const foreign = await carl.delete('/session').set('Sec-Fetch-Site', 'cross-site');
  expect([foreign.status, (foreign.body as { code: string }).code]).toEqual([403, 'CROSS_SITE_REQUEST']);
  await carl.get('/profile').expect(200);
});

test('a login and a logout of the app have its own shape and the cookies of the package', async () => {
  await users.create({ username: 'dora', passwordHash: quickHash('right') });
  const dora = agent();
  const wrong = await dora.post('/session').send({ username: 'dora', password: 'wrong' });
  expect([wrong.status, wrong.body]).toMatchObject([401, { code: 'INVALID_CREDENTIALS' }]);
  const empty = await dora.post('/session');
  expect([empty.status, empty.body]).toMatchObject([400, { code: 'VALIDATION_FAILED' }]);
  const login = await dora.post('/session').send({ username: 'dora', password: 'right' });
  expect([login.status, login.body]).toEqual([201, { data: { name: 'dora' } }]);
  expect(Object.keys(setCookies(login))).toEqual(['accessToken', 'refreshToken']);
  await dora.get('/profile').expect(200);
  await dora.delete('/session').expect(200, { ended: true });
  await dora.get('/profile').expect(401);
  await dora.delete('/session').expect(200, { ended: false });
});

test('without the filter, Nest answers with the status and the text of an AuthError', async () => {
  class Profile {
    show() {
      return {};
    }
  }
  Controller('profile')(Profile);
  Get()(Profile.prototype, 'show', Object.getOwnPropertyDescriptor(Profile.prototype, 'show') as object);
  const plain = await NestFactory.create({
    module: class {},
    controllers: [Profile],
    providers: [
      { provide: authFile.AUTH, useValue: app.get(authFile.AUTH) },
      { provide: APP_GUARD, useClass: authFile.AuthGuard },
    ],
  });
  await plain.init();
  const none = await request(plain.getHttpServer() as string).get('/profile');
  expect([none.status, none.body]).toEqual([401, { statusCode: 401, message: 'No access token' }]);
  await plain.close();
});

test('both files compile with the settings of a new app of Nest', async () => {
  const files = {
    'users.ts': `import { MemoryRefreshTokenStore, MemoryUserStore } from 'passport-visa';
      export const users = new MemoryUserStore();
      export const options = { users, refreshTokens: new MemoryRefreshTokenStore(),
        accessToken: { secret: 'a' }, refreshToken: { secret: 'b' } };`,
    'auth.ts': page.snippet('auth'),
    'app.ts': page
      .snippet('app')
      .replace('createAuth({ users, … })', 'createAuth({ ...options, users })')
      .replace('{ users }', '{ options, users }'),
  };
  const nest = { experimentalDecorators: true, emitDecoratorMetadata: true, isolatedModules: true };
  expect(await compilerMessages(files, nest)).toBe('');
});
