import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { MemoryRefreshTokenStore, MemoryUserStore, type Algorithm } from '../../../src/index';
import { ACCESS_SECRET, createTestApp, REFRESH_SECRET, type TestOptions } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { decodeToken, nonCanonical, resign, signByHand } from '../../helpers/tokens/tokens';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const otherP256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' });
const pem = {
  privateKey: p256.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  publicKey: p256.publicKey.export({ type: 'spki', format: 'pem' }) as string,
};

/** Makes apps with different options that share users and sessions. */
function appFamily() {
  const stores = { users: new MemoryUserStore(), refreshTokens: new MemoryRefreshTokenStore() };
  void stores.users.create({ username: 'ann', passwordHash: null });
  return (options: TestOptions) => {
    const testApp = createTestApp({ ...stores, ...options });
    return {
      tokens: () => testApp.tokensOf('ann'),
      profile: (token: string) => testApp.client().get('/profile').auth(token, { type: 'bearer' }),
      refresh: (refreshToken: string) => testApp.client().post('/auth/refresh').send({ refreshToken }),
    };
  };
}

test.each<[string, Algorithm, object | string]>([
  ['HS256', 'HS256', ACCESS_SECRET],
  ['HS512', 'HS512', ACCESS_SECRET.repeat(2)],
  ['HS256 with a KeyObject', 'HS256', createSecretKey(Buffer.from(ACCESS_SECRET))],
  ['RS256', 'RS256', rsa],
  ['PS256', 'PS256', rsa],
  ['ES256', 'ES256', p256],
  ['ES256 with PEM texts', 'ES256', pem],
  ['ES512', 'ES512', p521],
])('%s signs access tokens; refresh tokens are still HS256', async (_what, algorithm, secret) => {
  const app = appFamily()({ accessToken: { algorithm, secret: secret as string } });
  const { accessToken, refreshToken } = await app.tokens();
  expect(decodeToken(accessToken).header).toMatchObject({ alg: algorithm, typ: 'at+jwt' });
  expect(decodeToken(refreshToken).header).toMatchObject({ alg: 'HS256', typ: 'rt+jwt' });
  expect((await app.profile(accessToken)).status).toBe(200);
  expect((await app.refresh(refreshToken)).status).toBe(200);
  const [header, payload, signature] = accessToken.split('.');
  expectFailure(await app.profile(`${header}.${payload}.AAAA${signature?.slice(4)}`), 'ACCESS_TOKEN_INVALID');
  expectFailure(await app.profile(nonCanonical(accessToken)), 'ACCESS_TOKEN_INVALID');
});

test('a token signed with the public key is refused', async () => {
  const app = appFamily()({ accessToken: { algorithm: 'ES256', secret: pem } });
  const { header, payload } = decodeToken((await app.tokens()).accessToken);
  for (const alg of ['HS256', 'ES256']) {
    const forged = signByHand({ ...header, alg }, payload, pem.publicKey);
    expectFailure(await app.profile(forged), 'ACCESS_TOKEN_INVALID');
  }
});

describe('key rotation', () => {
  const NEW = 'new-secret-of-the-tests-0123456789abcdef';
  const rows: [string, TestOptions, TestOptions, TestOptions][] = [
    [
      'access secrets',
      { accessToken: { secret: ACCESS_SECRET } },
      { accessToken: { secret: [NEW, ACCESS_SECRET] } },
      { accessToken: { secret: NEW } },
    ],
    [
      'refresh secrets',
      { refreshToken: { secret: REFRESH_SECRET } },
      { refreshToken: { secret: [NEW, REFRESH_SECRET] } },
      { refreshToken: { secret: NEW } },
    ],
    [
      'key pairs',
      { accessToken: { algorithm: 'ES256', secret: p256 } },
      { accessToken: { algorithm: 'ES256', secret: [otherP256, { publicKey: p256.publicKey }] } },
      { accessToken: { algorithm: 'ES256', secret: otherP256 } },
    ],
  ];

  test.each(rows)(
    '%s: old tokens still verify, and the first key signs new ones',
    async (what, before, both, after) => {
      const app = appFamily();
      const old = await app(before).tokens();
      const fresh = await app(both).tokens();
      const which = what === 'refresh secrets' ? 'refreshToken' : 'accessToken';
      const send = (options: TestOptions, tokens: typeof old) =>
        which === 'accessToken'
          ? app(options).profile(tokens.accessToken)
          : app(options).refresh(tokens.refreshToken);
      const invalid = which === 'accessToken' ? 'ACCESS_TOKEN_INVALID' : 'REFRESH_TOKEN_INVALID';

      expect((await send(both, old)).status).toBe(200);
      expect((await send(both, fresh)).status).toBe(200);
      expect((await send(after, fresh)).status).toBe(200);
      expectFailure(await send(before, fresh), invalid);
      expectFailure(await send(after, old), invalid);
      expect(decodeToken(fresh[which]).header['kid']).not.toBe(decodeToken(old[which]).header['kid']);
    },
  );

  test('a replayed token is signed with the key that is now first', async () => {
    const app = appFamily();
    const { refreshToken } = await app({}).tokens();
    const rotated = (await app({}).refresh(refreshToken)).body.refreshToken as string;
    const both = app({ refreshToken: { secret: [NEW, REFRESH_SECRET] } });
    const replayed = (await both.refresh(refreshToken)).body.refreshToken as string;
    expect(decodeToken(replayed).payload).toEqual(decodeToken(rotated).payload);
    expect(replayed).toBe(resign(rotated, NEW, { header: { kid: decodeToken(replayed).header['kid'] } }));
    expect(replayed).not.toBe(rotated);
  });
});

describe('issuer and audience', () => {
  const options = { accessToken: { issuer: 'https://auth.example', audience: 'api' } };

  test('access tokens contain the issuer and the audience', async () => {
    const { accessToken } = await appFamily()(options).tokens();
    expect(decodeToken(accessToken).payload).toMatchObject({ iss: 'https://auth.example', aud: 'api' });
  });

  test.each<[string, object]>([
    ['no iss', { iss: undefined }],
    ['another iss', { iss: 'https://auth.example/' }],
    ['no aud', { aud: undefined }],
    ['another aud', { aud: 'other' }],
    ['a list as aud', { aud: ['api', 'other'] }],
  ])('an access token with a wrong issuer or audience is refused: %s', async (_what, payload) => {
    const app = appFamily()(options);
    const { accessToken } = await app.tokens();
    expect((await app.profile(resign(accessToken, ACCESS_SECRET, {}))).status).toBe(200);
    const changed = resign(accessToken, ACCESS_SECRET, { payload: { ...payload } });
    expectFailure(await app.profile(changed), 'ACCESS_TOKEN_INVALID');
  });
});
