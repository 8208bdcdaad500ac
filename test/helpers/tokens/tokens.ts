import { constants, createHmac, sign, type KeyObject } from 'node:crypto';

type Members = Record<string, unknown>;

/** Decodes a token without checking its signature. */
export function decodeToken(token: string): { header: Members; payload: Members } {
  const [header, payload] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
  return { header: JSON.parse(header ?? '') as Members, payload: JSON.parse(payload ?? '') as Members };
}

/** Returns the third segment for the first two. */
export type Signer = (signed: string) => string;

/** Signs any header and payload, well-formed or not. Strings are used as they are. A secret signs with HS256. */
export function signByHand(header: Members | string, payload: unknown, secret: string | Signer): string {
  const segment = (part: unknown) =>
    Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
  const signed = `${segment(header)}.${segment(payload)}`;
  return `${signed}.${typeof secret === 'string' ? hmacSigner(secret)(signed) : secret(signed)}`;
}

export function hmacSigner(secret: string): Signer {
  return (signed) => createHmac('sha256', secret).update(signed).digest('base64url');
}

/** Signs with RS256, PS256, ES256 or EdDSA, but without jsonwebtoken, which the package uses. */
export function pairSigner(algorithm: 'RS256' | 'PS256' | 'ES256' | 'EdDSA', privateKey: KeyObject): Signer {
  if (algorithm === 'EdDSA')
    return (signed) => sign(null, Buffer.from(signed), privateKey).toString('base64url');
  const options = {
    RS256: { padding: constants.RSA_PKCS1_PADDING },
    PS256: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
    ES256: { dsaEncoding: 'ieee-p1363' as const },
  }[algorithm];
  return (signed) => {
    for (;;) {
      const signature = sign('sha256', Buffer.from(signed), { key: privateKey, ...options });
      // The package takes only ECDSA signatures whose s is at most half of the curve's order.
      if (algorithm !== 'ES256' || (signature[32] as number) < 0x7f) return signature.toString('base64url');
    }
  };
}

/** Applies `change` to a token and signs it again. */
export function resign(
  token: string,
  secret: string | Signer,
  change: { header?: Members; payload?: Members | ((payload: Members) => unknown) },
): string {
  const { header, payload } = decodeToken(token);
  const changed =
    typeof change.payload === 'function' ? change.payload(payload) : { ...payload, ...change.payload };
  return signByHand({ ...header, ...change.header }, changed, secret);
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Replaces the last character by the next one. Its last bits are unused, so the decoded bytes stay the same. */
export function nonCanonical(token: string): string {
  const last = BASE64URL.indexOf(token.at(-1) ?? '');
  return token.slice(0, -1) + BASE64URL.charAt((last + 1) % BASE64URL.length);
}
