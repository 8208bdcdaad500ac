import { generateKeyPairSync } from 'node:crypto';
import type { AuthOptions } from '../../src';
import { cookieHeader, REFRESH_SECRET, type TestApp } from '../helpers/apps/app';
import { createLoginService, jwksOf, useServices, type Service } from '../helpers/apps/login-service';
import { expectFailure } from '../helpers/failures';
import { forgeries } from '../helpers/tokens/forgeries';
import { pairSigner, resign, type Signer } from '../helpers/tokens/tokens';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const createService = useServices();

interface Target {
  login: TestApp;
  service: Service;
  accessToken: string;
  refreshToken: string;
}

function createTarget(accessToken: Partial<AuthOptions['accessToken']>): Target {
  const target = {} as Target;
  beforeAll(async () => {
    target.login = createLoginService({ accessToken });
    await target.login.register('ann');
    target.service = createService({ jwks: await jwksOf(target.login) });
    Object.assign(target, await target.login.tokensOf('ann'));
  });
  return target;
}

const targets: [string, { publicKey: typeof rsa.publicKey }, Target, Signer][] = [
  ['RS256', rsa, createTarget({ algorithm: 'RS256', secret: rsa }), pairSigner('RS256', rsa.privateKey)],
  ['PS256', rsa, createTarget({ algorithm: 'PS256', secret: rsa }), pairSigner('PS256', rsa.privateKey)],
  ['ES256', ec, createTarget({ algorithm: 'ES256', secret: ec }), pairSigner('ES256', ec.privateKey)],
  ['EdDSA', ed, createTarget({ algorithm: 'EdDSA', secret: ed }), pairSigner('EdDSA', ed.privateKey)],
];

describe.each(targets)('a verifier of %s', (algorithm, { publicKey }, target, sign) => {
  const refused = (token: string) => target.service.verifier.verify(token);
  const viaCookie = (token: string) =>
    target.service
      .client()
      .get('/profile')
      .set({
        Cookie: cookieHeader({ accessToken: encodeURIComponent(token) }),
        'Sec-Fetch-Site': 'same-origin',
      });

  test('accepts the token, and the same signed by hand', async () => {
    for (const token of [target.accessToken, resign(target.accessToken, sign, {})]) {
      expect((await target.service.get('/profile', token)).status).toBe(200);
      expect((await viaCookie(token)).body).toMatchObject({ roles: [], sessionId: expect.any(String) });
    }
  });

  test.each(forgeries)('refuses %s', async (_what, forge) => {
    const forged = forge(target.accessToken, sign);
    expectFailure(await viaCookie(forged), 'ACCESS_TOKEN_INVALID');
    await expect(refused(forged)).rejects.toMatchObject({ code: 'ACCESS_TOKEN_INVALID' });
  });

  test('refuses a token signed by HMAC with the public key, in any encoding of the key', async () => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
    for (const secret of [pem, pem.trim(), JSON.stringify(publicKey.export({ format: 'jwk' }))])
      for (const alg of ['HS256', algorithm])
        expectFailure(
          await viaCookie(resign(target.accessToken, secret, { header: { alg } })),
          'ACCESS_TOKEN_INVALID',
        );
  });

  test.each<[string, object]>([
    ['no iss', { iss: undefined }],
    ['another iss', { iss: 'https://login.example.com/' }],
    ['no aud', { aud: undefined }],
    ['the aud of another service', { aud: 'https://other.example.com' }],
    ['a list with its aud', { aud: ['https://api.example.com'] }],
    ['no roles', { roles: undefined }],
    ['a role that is not a string', { roles: [1] }],
    ['no auth_time', { auth_time: undefined }],
    ['a jti that is not a string', { jti: 1 }],
  ])('refuses a token with %s', async (_what, payload) => {
    const changed = resign(target.accessToken, sign, { payload: { ...payload } });
    expectFailure(await viaCookie(changed), 'ACCESS_TOKEN_INVALID');
  });

  test('refuses a refresh token, and one with the claims of both', async () => {
    for (const token of [
      target.refreshToken,
      resign(target.refreshToken, REFRESH_SECRET, { header: { typ: 'at+jwt' } }),
    ])
      expectFailure(await viaCookie(token), 'ACCESS_TOKEN_INVALID');
  });
});
