import { createAuth } from '../../../src/index';
import { createTestApp } from '../../helpers/apps/app';
import { optionsWith } from '../../helpers/apps/options';
import { expectFailure } from '../../helpers/failures';

const testApp = createTestApp({ authScheme: 'Token' });
let accessToken: string;

beforeAll(async () => {
  await testApp.register('ann');
  ({ accessToken } = await testApp.tokensOf('ann'));
});
afterAll(() => testApp.auth.close());

const profile = (authorization: string) =>
  testApp.client().get('/profile').set('Authorization', authorization);

test.each(['Token', 'token', 'Bearer', 'BEARER'])('the header may name the scheme %s', async (scheme) => {
  await profile(`${scheme} ${accessToken}`).expect(200);
});

test.each(['Basic', 'TokenX', 'XToken', ''])('%j is no scheme of the app', async (scheme) => {
  expectFailure(await profile(`${scheme} ${accessToken}`), 'NO_ACCESS_TOKEN');
});

test('every endpoint that reads the header knows the scheme, and a foreign site may call with it', async () => {
  const { refreshToken, accessToken: own } = await testApp.tokensOf('ann');
  const authorized = { Authorization: `Token ${own}`, 'Sec-Fetch-Site': 'cross-site' };
  await testApp.client().get('/auth/sessions').set(authorized).expect(200);
  await testApp.client().post('/auth/logout').set(authorized).expect(200);
  expectFailure(await testApp.client().post('/auth/refresh').send({ refreshToken }), 'SESSION_NOT_FOUND');
});

test('the OpenAPI document names the scheme', () => {
  const { securitySchemes } = testApp.auth.openapi().components;
  expect(securitySchemes['accessBearer']).toMatchObject({
    scheme: 'bearer',
    description: expect.stringContaining('`Token`'),
  });
});

test('without the option only Bearer is a scheme', async () => {
  const plain = createTestApp();
  await plain.register('ann');
  const tokens = await plain.tokensOf('ann');
  const response = await plain.client().get('/profile').set('Authorization', `Token ${tokens.accessToken}`);
  expectFailure(response, 'NO_ACCESS_TOKEN');
  await plain.auth.close();
});

test.each(['Basic', 'digest', 'To ken', 'Token|.*', ''])('%j is a TypeError at start', (authScheme) => {
  expect(() => createAuth(optionsWith({ authScheme }))).toThrow(/^authScheme must/);
});
