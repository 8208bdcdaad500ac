import fc from 'fast-check';
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import type { Request } from 'express';
import { authorizationOf, extractAccessTokens } from '../../src/http/authenticate-request';
import { accessTokenLength, signAccessToken, verifyAccessToken } from '../../src/tokens/access-token';
import { AccessTokenVerifier } from '../../src/tokens/access-token-verifier';
import { readAppClaims } from '../../src/tokens/app-claims';
import { checkTimes, MAX_TOKEN_LENGTH, TokenError } from '../../src/tokens/jwt';
import { createKeySet, type KeySet } from '../../src/tokens/keys';
import { signRefreshToken, verifyRefreshToken } from '../../src/tokens/refresh-token';
import { TextSealer } from '../../src/tokens/sealed-text';
import { ACCESS_SECRET } from '../helpers/apps/app';
import { resign } from '../helpers/tokens/tokens';
import { runs } from './runs';
import { anyJson, anyText } from './texts';
import { mutation, mutate } from './token-mutations';

const NOW = 1_700_000_000_000;
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keySets: Record<string, KeySet> = {
  HS256: createKeySet('HS256', [ACCESS_SECRET]),
  ES256: createKeySet('ES256', [{ publicKey, privateKey }]),
  EdDSA: createKeySet('EdDSA', [generateKeyPairSync('ed25519')]),
};
const configOf = (keys: KeySet) => ({
  keys,
  expiresInSeconds: 900,
  issuer: undefined,
  audience: undefined,
  cacheSize: 0,
});
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.';
const shapes = fc.array(
  fc.array(fc.constantFrom(...BASE64URL)).map((all) => all.join('')),
  { maxLength: 5 },
);
const tokenLike = fc.oneof(
  anyText,
  shapes.map((parts) => parts.join('.')),
);

/** The result of verifying: the user's id, or the fault. Any other error fails the test. */
function outcome(verify: () => { userId: string }): string {
  try {
    return verify().userId;
  } catch (error) {
    if (error instanceof TokenError) return error.fault;
    throw error;
  }
}

describe.each(Object.entries(keySets))('with %s', (name, keys) => {
  const config = configOf(keys);
  const times = { issuedAt: new Date(NOW), expiresAt: new Date(NOW + 900_000) };
  const ids = { userId: 'ann', sessionId: 'a session' };
  const access = signAccessToken({ ...ids, ...times, roles: [], authTime: new Date(NOW) }, config);
  const refresh = signRefreshToken({ ...ids, ...times, generation: 1 }, keys);
  const verify = (token: string) => [
    outcome(() => {
      const { payload, claims } = verifyAccessToken(token, config);
      checkTimes(payload, NOW);
      return claims;
    }),
    outcome(() => verifyRefreshToken(token, keys, NOW)),
  ];

  test('any text is an invalid token', () => {
    const property = fc.property(tokenLike, (token) => expect(verify(token)).toEqual(['invalid', 'invalid']));
    fc.assert(property, runs(300));
  });

  test('a token with any change is invalid', () => {
    const changes = mutation.filter(({ kind }) => kind !== 'signed');
    const property = fc.property(changes, fc.nat(500), (change, at) => {
      for (const [which, token] of [access, refresh].entries()) {
        const place = change.kind === 'replaced' ? { ...change, at: at % token.length } : change;
        const changed = mutate(token, 'accessToken', place);
        const expected = ['invalid', 'invalid'];
        if (changed === token) expected[which] = 'ann';
        expect(verify(changed)).toEqual(expected);
      }
    });
    fc.assert(property, runs(name === 'HS256' ? 500 : 60));
  });

  if (name === 'HS256')
    test('signed claims of any kind cause no error but a TokenError', () => {
      const claims = fc.oneof(
        fc.dictionary(fc.constantFrom('sub', 'sid', 'gen', 'exp', 'iat'), anyJson),
        anyJson,
      );
      const withClaims = new AccessTokenVerifier({ ...config, hasAppClaims: true });
      const property = fc.property(claims, fc.boolean(), (payload, isWhole) => {
        const change = isWhole ? () => payload : { ver: 1, ...(payload as object) };
        for (const token of [access, refresh]) {
          const signed = resign(token, ACCESS_SECRET, { payload: change });
          verify(signed);
          outcome(() => withClaims.verify(signed, NOW));
        }
      });
      fc.assert(property, runs(300));
    });

  test('claims of the app are refused before they are signed, or come back as they were', () => {
    const withClaims = { ...config, hasAppClaims: true };
    let accepted = 0;
    const anyClaims = fc.oneof(
      fc.dictionary(anyText, anyJson),
      { weight: 4, arbitrary: fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()) },
      fc.anything(),
    );
    const property = fc.property(anyClaims, (returned) => {
      const appClaims = claimsOf(returned);
      if (!appClaims) return;
      accepted += 1;
      const content = { ...ids, ...times, roles: [], authTime: new Date(NOW), appClaims };
      if (accessTokenLength(content, withClaims) > MAX_TOKEN_LENGTH) return;
      const token = signAccessToken(content, withClaims);
      expect(verifyAccessToken(token, withClaims).claims.appClaims).toEqual(
        JSON.parse(JSON.stringify(returned)),
      );
      expect(verifyAccessToken(token, config).claims).toEqual(verifyAccessToken(access, config).claims);
    });
    fc.assert(property, runs(300));
    expect(accepted).toBeGreaterThan(5);
  });
});

function claimsOf(returned: unknown) {
  try {
    return readAppClaims(returned);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return undefined;
  }
}

describe('the Authorization header', () => {
  const extract = (authorization: string) =>
    extractAccessTokens({ headers: { authorization } } as Request, {
      cookies: { accessName: 'accessToken' },
      authorization: authorizationOf(),
    });

  test('with any value yields a bearer token or none', () => {
    const schemes = fc.constantFrom('Bearer', 'bearer ', 'BEARER  ', 'Basic ', 'Bearer\t', '');
    const property = fc.property(schemes, anyText, (scheme, text) => {
      const token = extract(scheme + text)[0]?.token;
      if (token === undefined) return;
      expect((scheme + text).toLowerCase()).toMatch(/^bearer +\S/);
      expect(text.endsWith(token)).toBe(true);
    });
    fc.assert(property, runs(300));
  });
});

describe('sealed text', () => {
  const sealer = new TextSealer([createSecretKey(Buffer.alloc(32, 1)), createSecretKey(Buffer.alloc(32, 2))]);
  const texts = anyText.map((text) => text.toWellFormed());

  test('can be opened with its own purpose only, and a signature fits its own text only', () => {
    const property = fc.property(texts, texts, texts, (text, purpose, other) => {
      const sealed = sealer.seal(text, purpose);
      expect(sealer.open(sealed, purpose)).toBe(text);
      expect(sealer.open(sealed, other)).toBe(other === purpose ? text : undefined);
      expect(sealer.isSigned(other, sealer.sign(text))).toBe(other === text);
    });
    fc.assert(property, runs(200));
  });

  test("can't be opened after a change, and other text can't be opened at all", () => {
    const sealed = sealer.seal('a text', 'a purpose');
    const property = fc.property(tokenLike, fc.nat(200), fc.nat(10), (text, at, length) => {
      expect(sealer.open(text, 'a purpose')).toBeUndefined();
      expect(sealer.isSigned('a text', text)).toBe(false);
      const place = at % sealed.length;
      const changed = sealed.slice(0, place) + text + sealed.slice(place + length);
      const isSame = Buffer.from(changed, 'base64url').equals(Buffer.from(sealed, 'base64url'));
      expect(sealer.open(changed, 'a purpose')).toBe(isSame ? 'a text' : undefined);
    });
    fc.assert(property, runs(300));
  });
});
