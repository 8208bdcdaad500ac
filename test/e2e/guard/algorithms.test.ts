import { createHash, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { MemoryRefreshTokenStore, MemoryUserStore, type Algorithm } from '../../../src/index';
import { ACCESS_SECRET, createTestApp, REFRESH_SECRET, type TestOptions } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { decodeToken, nonCanonical, pairSigner, resign, signByHand } from '../../helpers/tokens/tokens';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const otherP256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519 = generateKeyPairSync('ed25519');
const otherEd25519 = generateKeyPairSync('ed25519');
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
  ['EdDSA', 'EdDSA', ed25519],
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
    [
      'Ed25519 key pairs',
      { accessToken: { algorithm: 'EdDSA', secret: ed25519 } },
      { accessToken: { algorithm: 'EdDSA', secret: [otherEd25519, { publicKey: ed25519.publicKey }] } },
      { accessToken: { algorithm: 'EdDSA', secret: otherEd25519 } },
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

  test('a next key that has been made known is accepted before any process signs with it, and all processes agree', async () => {
    const app = appFamily();
    const [previous, current, next] = [generateKeyPairSync('ed25519'), ed25519, otherEd25519];
    const known = ({ publicKey }: typeof current) => ({ publicKey });
    const steps = [
      [previous, known(current)],
      [current, known(previous), known(next)],
      [next, known(current)],
    ].map((secret) => app({ accessToken: { algorithm: 'EdDSA', secret } }));
    for (const [at, step] of steps.entries()) {
      const { accessToken } = await step.tokens();
      for (const neighbour of steps.slice(Math.max(at - 1, 0), at + 2))
        expect((await neighbour.profile(accessToken)).status).toBe(200);
    }
  });

  test.each([
    ['ES256', p256],
    ['EdDSA', ed25519],
    ['RS256', rsa],
  ] as const)(
    '%s: a token that names its key in the former way is still accepted',
    async (algorithm, secret) => {
      const app = appFamily()({ accessToken: { algorithm, secret } });
      const { accessToken } = await app.tokens();
      const der = secret.publicKey.export({ type: 'spki', format: 'der' });
      const kid = createHash('sha256').update(der).digest('base64url').slice(0, 16);
      const former = resign(accessToken, pairSigner(algorithm, secret.privateKey), { header: { kid } });
      expect(decodeToken(accessToken).header['kid']).toMatch(/^[\w-]{43}$/);
      expect((await app.profile(former)).status).toBe(200);
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

  test('access tokens have the claims of RFC 9068, and each has an id of its own', async () => {
    const app = appFamily()(options);
    const [one, other] = [await app.tokens(), await app.tokens()].map(
      ({ accessToken }) => decodeToken(accessToken).payload,
    );
    expect(one).toMatchObject({
      ...{ iss: 'https://auth.example', aud: 'api', client_id: 'https://auth.example' },
      ...{ sub: expect.any(String), iat: expect.any(Number), exp: expect.any(Number) },
      jti: expect.stringMatching(/^[\w-]{22}$/),
    });
    expect(other?.['jti']).not.toBe(one?.['jti']);
  });

  test('a token from before there were these claims is still accepted, and one with another type is not', async () => {
    const app = appFamily()(options);
    const { accessToken } = await app.tokens();
    const changed = (payload: object) => resign(accessToken, ACCESS_SECRET, { payload: { ...payload } });
    expect((await app.profile(changed({ jti: undefined, client_id: undefined }))).status).toBe(200);
    expectFailure(await app.profile(changed({ jti: 1 })), 'ACCESS_TOKEN_INVALID');
  });

  test("the client_id is none of the app's own claims, unless the app has returned it", async () => {
    const claimsWith = async (claims: object) => {
      const app = appFamily()({ accessToken: { ...options.accessToken, claims: () => claims } });
      return (await app.profile((await app.tokens()).accessToken)).body.claims as unknown;
    };
    expect(await claimsWith({ tenant: 'acme' })).toEqual({ tenant: 'acme' });
    expect(await claimsWith({ client_id: 'the phone' })).toEqual({ client_id: 'the phone' });
  });

  test('without an audience a token has none of these claims', async () => {
    const app = appFamily()({ accessToken: { issuer: 'https://auth.example' } });
    const { payload } = decodeToken((await app.tokens()).accessToken);
    expect(payload).not.toHaveProperty('jti');
    expect(payload).not.toHaveProperty('client_id');
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
