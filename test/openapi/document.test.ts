import express from 'express';
import request from 'supertest';
import { createAuth } from '../../src/index';
import { createTestApp } from '../helpers/apps/app';
import { optionsWith } from '../helpers/apps/options';

test('GET /openapi.json is 404 unless the option openapi is set', async () => {
  const { auth, client } = createTestApp();
  expect((await client().get('/auth/openapi.json')).status).toBe(404);
  await auth.close();
});

test('a response with optional members matches its description too', async () => {
  const { auth, register, loggedIn } = createTestApp();
  await register('ann');
  const browser = await loggedIn('ann', { amr: ['pwd', 'otp'] });
  expect((await browser.get('/auth/check')).body.user.amr).toEqual(['pwd', 'otp']); // compared with the description
  await auth.close();
});

describe('GET /openapi.json', () => {
  const testApp = createTestApp({ openapi: true }, (app, auth) => app.use('/api/v2/auth', auth.router));
  afterAll(() => testApp.auth.close());

  test('returns the document to everyone, and caches must revalidate it', async () => {
    const { status, headers, body } = await testApp.client().get('/auth/openapi.json');
    expect(status).toBe(200);
    expect(body).toEqual(testApp.auth.openapi());
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-cache',
      etag: expect.any(String) as string,
    });
    expect(headers).not.toHaveProperty('set-cookie');
  });

  test('is not sent again to a client that has it', async () => {
    const { headers } = await testApp.client().get('/auth/openapi.json');
    const again = await testApp
      .client()
      .get('/auth/openapi.json')
      .set('If-None-Match', String(headers['etag']));
    expect([again.status, again.text]).toEqual([304, '']);
    expect((await testApp.client().head('/auth/openapi.json')).status).toBe(200);
  });

  test('names the path of the request when the router is mounted twice', async () => {
    const serversAt = async (path: string): Promise<unknown> =>
      (await testApp.client().get(`${path}/openapi.json`)).body.servers as unknown;
    expect(await serversAt('/auth')).toEqual([{ url: '/auth' }]);
    expect(await serversAt('/api/v2/auth')).toEqual([{ url: '/api/v2/auth' }]);
    expect(await serversAt('/auth')).toEqual([{ url: '/auth' }]);
  });

  test('names / when the router is mounted at the root, or the servers that the app names', async () => {
    const servers = [{ url: 'https://acme.example/auth' }];
    for (const [openapi, expected] of [
      [true, [{ url: '/' }]],
      [{ servers }, servers],
    ] as const) {
      const auth = createAuth(optionsWith({ openapi }));
      const app = express().use(auth.router);
      expect((await request(app).get('/openapi.json')).body.servers).toEqual(expected);
      await auth.close();
    }
  });
});
