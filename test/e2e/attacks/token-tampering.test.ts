import { generateKeyPairSync, verify } from 'node:crypto';
import type { RequestHandler } from 'express';
import { MemoryRefreshTokenStore, type AuthOptions } from '../../../src/index';
import { ACCESS_SECRET, cookieHeader, createTestApp, REFRESH_SECRET } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { forgeries } from '../../helpers/tokens/forgeries';
import {
  decodeToken,
  hmacSigner,
  pairSigner,
  resign,
  signByHand,
  type Signer,
} from '../../helpers/tokens/tokens';

const now = Math.floor(Date.now() / 1000);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');

/** An app whose only user is logged in, with routes for all the ways in which a token may be sent. */
function createTarget(accessToken: Partial<AuthOptions['accessToken']> = {}) {
  const refreshTokens = new MemoryRefreshTokenStore();
  const whoami: RequestHandler = (req, res) => void res.json({ user: req.user, authInfo: req.authInfo });
  const testApp = createTestApp({ refreshTokens, accessToken }, (app, auth) => {
    app.get('/optional', auth.guard({ optional: true }), whoami);
    app.get('/checked', auth.guard({ checkSession: true, loadUser: true }), whoami);
    app.get('/renewed', auth.guard({ renew: true }), whoami);
    app.get('/renewed-optional', auth.guard({ renew: true, optional: true }), whoami);
    app.get('/passport', auth.passport.authenticate(['jwt'], { session: false }) as RequestHandler, whoami);
  });
  const target = {
    testApp,
    id: '',
    accessToken: '',
    refreshToken: '',
    sessions: () => refreshTokens.list(target.id),
  };
  beforeAll(async () => {
    target.id = (await testApp.register('ann')).id;
    Object.assign(target, await testApp.tokensOf('ann'));
  });
  afterAll(async () => {
    await testApp.auth.close();
    expect(testApp.unforeseen).toEqual([]);
  });
  return target;
}
type Target = ReturnType<typeof createTarget>;

/** Any token can be put into a cookie if it is encoded. */
const cookie = (name: string, token: string) => cookieHeader({ [name]: encodeURIComponent(token) });
/** A header can't have control characters, and white space around a token is not part of it. */
const fitsHeader = (token: string) => /^[\x21-\x7e]+$/.test(token);

const viaHeader = ({ testApp }: Target, path: string, token: string, method: 'get' | 'post' = 'get') =>
  testApp.client()[method](path).set('Authorization', `Bearer ${token}`);
const viaCookie = ({ testApp }: Target, path: string, name: string, token: string) =>
  testApp
    .client()
    .get(path)
    .set({ Cookie: cookie(name, token), 'Sec-Fetch-Site': 'same-origin' });

async function expectAccessRefused(target: Target, token: string): Promise<void> {
  expectFailure(await viaCookie(target, '/profile', 'accessToken', token), 'ACCESS_TOKEN_INVALID');
  if (fitsHeader(token)) expectFailure(await viaHeader(target, '/profile', token), 'ACCESS_TOKEN_INVALID');
}

async function expectAccessRefusedEverywhere(target: Target, token: string): Promise<void> {
  await expectAccessRefused(target, token);
  for (const path of ['/checked', '/renewed', '/auth/check'])
    expectFailure(await viaCookie(target, path, 'accessToken', token), 'ACCESS_TOKEN_INVALID');
  expect((await viaCookie(target, '/passport', 'accessToken', token)).status).toBe(401);
  const anonymous = await viaCookie(target, '/optional', 'accessToken', token);
  expect([anonymous.status, anonymous.body]).toEqual([200, { authInfo: { code: 'ACCESS_TOKEN_INVALID' } }]);
  if (fitsHeader(token))
    expectFailure(await viaHeader(target, '/auth/logout-all', token, 'post'), 'ACCESS_TOKEN_INVALID');
  expect((await viaCookie(target, '/auth/logout', 'accessToken', token)).status).toBe(200);
}

async function expectRefreshRefusedEverywhere(target: Target, refreshToken: string): Promise<void> {
  const post = (path: string) => target.testApp.client().post(path).send({ refreshToken });
  expectFailure(await post('/auth/refresh'), 'REFRESH_TOKEN_INVALID');
  expect((await post('/auth/logout')).status).toBe(200);
  for (const path of ['/auth/refresh', '/renewed'])
    expectFailure(await viaCookie(target, path, 'refreshToken', refreshToken), 'REFRESH_TOKEN_INVALID');
  const anonymous = await viaCookie(target, '/renewed-optional', 'refreshToken', refreshToken);
  expect([anonymous.status, anonymous.body]).toEqual([200, { authInfo: { code: 'REFRESH_TOKEN_INVALID' } }]);
  expect((await viaCookie(target, '/auth/logout', 'refreshToken', refreshToken)).status).toBe(200);
}

/** Expects that `act` neither ends the session nor exchanges its token. */
async function expectUntouched(target: Target, act: () => Promise<unknown>): Promise<void> {
  const before = await target.sessions();
  expect(before).toHaveLength(1);
  await act();
  expect(await target.sessions()).toEqual(before);
}

const hmac = createTarget();
const kinds = {
  access: {
    token: () => hmac.accessToken,
    sign: hmacSigner(ACCESS_SECRET),
    invalid: 'ACCESS_TOKEN_INVALID',
    expired: 'ACCESS_TOKEN_EXPIRED',
    refusedEverywhere: expectAccessRefusedEverywhere,
    send: (token: string) => viaHeader(hmac, '/profile', token),
  },
  refresh: {
    token: () => hmac.refreshToken,
    sign: hmacSigner(REFRESH_SECRET),
    invalid: 'REFRESH_TOKEN_INVALID',
    expired: 'REFRESH_TOKEN_EXPIRED',
    refusedEverywhere: expectRefreshRefusedEverywhere,
    send: (refreshToken: string) => hmac.testApp.client().post('/auth/refresh').send({ refreshToken }),
  },
} as const;

describe.each(['access', 'refresh'] as const)('%s token', (kind) => {
  const { token, sign, invalid, expired, refusedEverywhere, send } = kinds[kind];

  test.each(forgeries)(
    '%s is refused in every way that it can be sent, and changes no session',
    async (_what, forge) => {
      const forged = forge(token(), sign);
      expect(forged).not.toBe(token());
      await expectUntouched(hmac, () => refusedEverywhere(hmac, forged));
    },
  );

  test.each([
    ['an iat two minutes ahead', { iat: now + 120 }],
    ['an nbf two minutes ahead', { nbf: now + 120 }],
  ])('%s is refused', async (_what, payload) => {
    expectFailure(await send(resign(token(), sign, { payload })), invalid);
  });

  test.each([
    ['the token itself, signed by hand', {}],
    ['an iat 50 seconds ahead, from a process with a fast clock', { iat: now + 50 }],
    ['an nbf 50 seconds ahead', { nbf: now + 50 }],
    [
      'an unknown claim, nested eight levels deep',
      { x: JSON.parse(`${'['.repeat(7)}${']'.repeat(7)}`) as unknown },
    ],
  ])('%s is accepted', async (_what, payload) => {
    expect((await send(resign(token(), sign, { payload }))).status).toBe(200);
  });

  test('exp has no leeway', async () => {
    expectFailure(await send(resign(token(), sign, { payload: { exp: now - 1 } })), expired);
  });
});

const asymmetric: [string, Target, Signer][] = [
  ['RS256', createTarget({ algorithm: 'RS256', secret: rsa }), pairSigner('RS256', rsa.privateKey)],
  ['PS256', createTarget({ algorithm: 'PS256', secret: rsa }), pairSigner('PS256', rsa.privateKey)],
  ['ES256', createTarget({ algorithm: 'ES256', secret: ec }), pairSigner('ES256', ec.privateKey)],
  ['EdDSA', createTarget({ algorithm: 'EdDSA', secret: ed }), pairSigner('EdDSA', ed.privateKey)],
];

describe.each(asymmetric)('access token by %s', (algorithm, target, sign) => {
  test('signed by hand is accepted', async () => {
    const signed = resign(target.accessToken, sign, {});
    expect((await viaHeader(target, '/profile', signed)).status).toBe(200);
    expect((await viaCookie(target, '/passport', 'accessToken', signed)).status).toBe(200);
  });

  test.each(forgeries)('%s is refused', async (_what, forge) => {
    const forged = forge(target.accessToken, sign);
    await expectUntouched(target, async () => {
      await expectAccessRefused(target, forged);
      expect((await viaCookie(target, '/passport', 'accessToken', forged)).status).toBe(401);
      expect((await viaCookie(target, '/auth/logout', 'accessToken', forged)).status).toBe(200);
    });
  });

  test('signed by HMAC with the public key is refused, in any encoding of the key', async () => {
    const { publicKey } = { ES256: ec, EdDSA: ed }[algorithm] ?? rsa;
    const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
    const secrets = [pem, pem.trim(), JSON.stringify(publicKey.export({ format: 'jwk' }))];
    for (const secret of [...secrets, publicKey.export({ type: 'spki', format: 'der' }).toString('latin1')])
      for (const alg of ['HS256', algorithm])
        await expectAccessRefused(target, resign(target.accessToken, secret, { header: { alg } }));
  });
});

test('a signature by the same key with another scheme is refused', async () => {
  const [rs, ps, es] = asymmetric.map(([, target]) => target) as [Target, Target, Target];
  await expectAccessRefused(rs, resign(rs.accessToken, pairSigner('PS256', rsa.privateKey), {}));
  await expectAccessRefused(ps, resign(ps.accessToken, pairSigner('RS256', rsa.privateKey), {}));
  const der: Signer = (signed) => {
    const [r, s] = halves(pairSigner('ES256', ec.privateKey)(signed));
    const integer = (value: Buffer) => Buffer.concat([Buffer.from([2, value.length + 1, 0]), value]);
    const both = Buffer.concat([integer(r), integer(s)]);
    return Buffer.concat([Buffer.from([0x30, both.length]), both]).toString('base64url');
  };
  await expectAccessRefused(es, resign(es.accessToken, der, {}));
});

/** RFC 8032 §5.1.7: S must be below the order L, or anyone could write (R, S + L) for (R, S). */
test('a token with the order of the curve added to its Ed25519 signature is refused', async () => {
  const target = (asymmetric[3] as [string, Target, Signer])[1];
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const [header, payload, signature = ''] = target.accessToken.split('.');
  const [r, s] = halves(signature);
  const sum = BigInt(`0x${Buffer.from(s).reverse().toString('hex')}`) + order;
  const added = Buffer.from(sum.toString(16).padStart(64, '0'), 'hex').reverse();
  expect(added).toHaveLength(32);
  await expectAccessRefused(
    target,
    `${header}.${payload}.${Buffer.concat([r, added]).toString('base64url')}`,
  );
});

/** With ECDSA anyone can turn a signature into its twin (r, n − s), which verifies too. */
test('a token with the twin of its ECDSA signature is refused, so a token has one text only', async () => {
  const target = (asymmetric[2] as [string, Target, Signer])[1];
  const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
  // Half of all signatures come out as the other twin. Ours never do.
  for (let login = 0; login < 8; login += 1) {
    const { accessToken } = await target.testApp.tokensOf('ann');
    const [header, payload, signature = ''] = accessToken.split('.');
    const [r, s] = halves(signature);
    const mirrored = (order - BigInt(`0x${s.toString('hex')}`)).toString(16).padStart(64, '0');
    const twin = `${header}.${payload}.${Buffer.concat([r, Buffer.from(mirrored, 'hex')]).toString('base64url')}`;
    const options = { key: ec.publicKey, dsaEncoding: 'ieee-p1363' } as const;
    const signed = Buffer.from(`${header}.${payload}`);
    expect(verify('sha256', signed, options, Buffer.from(twin.split('.')[2] ?? '', 'base64url'))).toBe(true);
    expect((await viaHeader(target, '/profile', accessToken)).status).toBe(200);
    for (const _time of ['checked', 'remembered', 'known'])
      expectFailure(await viaHeader(target, '/profile', twin), 'ACCESS_TOKEN_INVALID');
  }
});

describe('the claims that only access tokens have', () => {
  test.each<[string, Record<string, unknown>]>([
    ['no roles', { roles: undefined }],
    ['roles as text', { roles: 'admin' }],
    ['roles as an object', { roles: { 0: 'admin', length: 1 } }],
    ['a role that is not a string', { roles: [1] }],
    ['a list as a role', { roles: [['admin']] }],
    ['no auth_time', { auth_time: undefined }],
    ['auth_time as text', { auth_time: String(now) }],
    ['an auth_time beyond the calendar', { auth_time: 9e15 }],
    ['an auth_time before 1970', { auth_time: -1 }],
    ['amr as text', { amr: 'pwd' }],
  ])('%s is refused', async (_what, payload) => {
    const forged = resign(hmac.accessToken, kinds.access.sign, { payload });
    await expectUntouched(hmac, () => expectAccessRefusedEverywhere(hmac, forged));
  });
});

describe('the claims that only refresh tokens have', () => {
  test.each<[string, unknown]>([
    ['no gen', undefined],
    ['gen: 0', 0],
    ['a negative gen', -1],
    ['a fraction as gen', 1.5],
    ['gen as text', '1'],
    ['gen: null', null],
    ['a list as gen', [1]],
    ['a gen without a successor', Number.MAX_SAFE_INTEGER],
  ])('%s is refused', async (_what, gen) => {
    const forged = resign(hmac.refreshToken, kinds.refresh.sign, { payload: { gen } });
    await expectUntouched(hmac, () => expectRefreshRefusedEverywhere(hmac, forged));
  });
});

describe('no kind of token is accepted as the other', () => {
  test('unchanged', async () => {
    await expectUntouched(hmac, async () => {
      await expectAccessRefusedEverywhere(hmac, hmac.refreshToken);
      await expectRefreshRefusedEverywhere(hmac, hmac.accessToken);
    });
  });

  test('signed with the other secret, and with the claims of both', async () => {
    const [access, refresh] = [decodeToken(hmac.accessToken), decodeToken(hmac.refreshToken)];
    const both = { ...access.payload, ...refresh.payload };
    const rows = [
      [{ ...access.header, typ: 'rt+jwt' }, ACCESS_SECRET],
      [{ ...refresh.header, typ: 'at+jwt' }, REFRESH_SECRET],
      [access.header, REFRESH_SECRET],
      [refresh.header, ACCESS_SECRET],
    ] as const;
    await expectUntouched(hmac, async () => {
      for (const [header, secret] of rows) {
        const forged = signByHand(header, both, secret);
        await expectAccessRefusedEverywhere(hmac, forged);
        await expectRefreshRefusedEverywhere(hmac, forged);
      }
    });
  });
});

test("a signed token with another user's session is refused", async () => {
  const { id } = await hmac.testApp.register('bob');
  const sid = decodeToken(hmac.accessToken).payload['sid'];
  const access = resign(hmac.accessToken, ACCESS_SECRET, { payload: { sub: id, sid } });
  const refreshToken = resign(hmac.refreshToken, REFRESH_SECRET, { payload: { sub: id, sid } });
  await expectUntouched(hmac, async () => {
    expectFailure(await viaHeader(hmac, '/checked', access), 'SESSION_REVOKED');
    expectFailure(
      await hmac.testApp.client().post('/auth/refresh').send({ refreshToken }),
      'SESSION_NOT_FOUND',
    );
    expect((await hmac.testApp.client().post('/auth/logout').send({ refreshToken })).status).toBe(200);
    expect((await viaHeader(hmac, '/auth/logout', access, 'post')).status).toBe(200);
  });
  expect((await viaHeader(hmac, '/profile', hmac.accessToken)).status).toBe(200);
});

function halves(signature: string): [Buffer, Buffer] {
  const bytes = Buffer.from(signature, 'base64url');
  return [bytes.subarray(0, 32), bytes.subarray(32)];
}
