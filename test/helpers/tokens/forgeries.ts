import { decodeToken, hmacSigner, nonCanonical, resign, signByHand, type Signer } from './tokens';

/** Makes a bad token from a good one. `sign` signs with the right key: unless a name says otherwise, the signature is right. */
export type Forge = (token: string, sign: Signer) => string;
type Members = Record<string, unknown>;

const now = Math.floor(Date.now() / 1000);
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const withHeader =
  (header: Members | ((header: Members) => Members | string)): Forge =>
  (token, sign) => {
    const { header: own, payload } = decodeToken(token);
    return signByHand(typeof header === 'function' ? header(own) : { ...own, ...header }, payload, sign);
  };
const withPayload =
  (payload: Members): Forge =>
  (token, sign) =>
    resign(token, sign, { payload });
/** Signs another spelling of the payload. */
const asText =
  (change: (json: string) => string): Forge =>
  (token, sign) =>
    resign(token, sign, { payload: (payload) => change(JSON.stringify(payload)) });
const asValue =
  (value: unknown): Forge =>
  (token, sign) =>
    resign(token, sign, { payload: () => value });
const segments =
  (change: (header: string, payload: string, signature: string) => string): Forge =>
  (token) =>
    change(...(token.split('.') as [string, string, string]));
const repeated = (open: string, times: number, close: string) => open.repeat(times) + close.repeat(times);

const headers: [string, Forge][] = [
  ['alg none without a signature', segments((_h, p) => `${encode({ alg: 'none', typ: 'at+jwt' })}.${p}.`)],
  ['alg none with a signature', withHeader({ alg: 'none' })],
  ['alg None', withHeader({ alg: 'None' })],
  ['alg nOnE', withHeader({ alg: 'nOnE' })],
  ['an empty alg', withHeader({ alg: '' })],
  ['no alg', withHeader({ alg: undefined })],
  ['another HMAC algorithm', withHeader({ alg: 'HS512' })],
  ['alg in lower case', withHeader((own) => ({ ...own, alg: String(own['alg']).toLowerCase() }))],
  ['a public-key algorithm', withHeader({ alg: 'RS384' })],
  ['typ JWT', withHeader({ typ: 'JWT' })],
  ['no typ', withHeader({ typ: undefined })],
  ['typ in upper case', withHeader((own) => ({ ...own, typ: String(own['typ']).toUpperCase() }))],
  ['typ as a media type', withHeader((own) => ({ ...own, typ: `application/${String(own['typ'])}` }))],
  ['an unknown kid', withHeader({ kid: 'unknown' })],
  ['no kid', withHeader({ kid: undefined })],
  ['a kid that is no string', withHeader({ kid: 1 })],
  ['a kid named __proto__', withHeader({ kid: '__proto__' })],
  ['a kid that is a path', withHeader({ kid: '../../dev/null' })],
  ['a kid that is SQL', withHeader({ kid: "x' UNION SELECT 'secret" })],
  ['an unknown version', withHeader({ ver: 2 })],
  ['a key in the header (jwk)', withHeader({ jwk: { kty: 'oct', k: 'AAAA' } })],
  ['the address of a key (jku)', withHeader({ jku: 'https://evil.example/keys' })],
  ['the address of a certificate (x5u)', withHeader({ x5u: 'https://evil.example/cert' })],
  ['a certificate (x5c)', withHeader({ x5c: ['AAAA'] })],
  ['crit', withHeader({ crit: ['exp'] })],
  ['an empty crit', withHeader({ crit: [] })],
  ['b64: false', withHeader({ b64: false })],
  ['zip', withHeader({ zip: 'DEF' })],
  ['cty JWT', withHeader({ cty: 'JWT' })],
  [
    '__proto__ in the header',
    withHeader((own) => JSON.stringify(own).replace('{', '{"__proto__":{"alg":"none"},')),
  ],
  ['a duplicate alg', withHeader((own) => JSON.stringify(own).replace('{', '{"alg":"none",'))],
  ['a header that is an array', withHeader(() => '[]')],
  ['a header that is no JSON', withHeader(() => '{')],
  ['a header with white space', withHeader((own) => JSON.stringify(own, null, 1))],
  ['a header after a byte order mark', withHeader((own) => `\ufeff${JSON.stringify(own)}`)],
  ['members of the header in another order', withHeader(({ alg, ...others }) => ({ ...others, alg }))],
];

const claims: [string, Forge][] = [
  ['no exp', withPayload({ exp: undefined })],
  ['exp as a string', withPayload({ exp: String(now + 900) })],
  ['exp: null', withPayload({ exp: null })],
  ['a fraction as exp', withPayload({ exp: now + 900.5 })],
  ['an exp before 1970', withPayload({ exp: -1 })],
  ['an exp beyond the range of dates', withPayload({ exp: 9e15 })],
  ['exp: 1e400', asText((json) => json.replace(/"exp":\d+/, '"exp":1e400'))],
  ['exp with an exponent', asText((json) => json.replace(/"exp":\d+/, '"exp":2e9'))],
  ['no iat', withPayload({ iat: undefined })],
  ['iat as a string', withPayload({ iat: String(now) })],
  ['nbf as a string', withPayload({ nbf: '0' })],
  ['no sub', withPayload({ sub: undefined })],
  ['an empty sub', withPayload({ sub: '' })],
  ['an object as sub', withPayload({ sub: { $ne: null } })],
  ['a number as sub', withPayload({ sub: 1 })],
  ['true as sub', withPayload({ sub: true })],
  ['a sub with a NUL', withPayload({ sub: 'a\0' })],
  ['a sub with half a surrogate pair', withPayload({ sub: 'a\ud800' })],
  ['a sub of 8 kB', withPayload({ sub: 'x'.repeat(8192) })],
  ['no sid', withPayload({ sid: undefined })],
  ['an empty sid', withPayload({ sid: '' })],
  ['an array as sid', withPayload({ sid: ['a'] })],
  ['a sid with a NUL', withPayload({ sid: 'a\0' })],
  ['a sid with half a surrogate pair', withPayload({ sid: '\udc00' })],
];

const payloads: [string, Forge][] = [
  ['an array as payload', asValue([])],
  ['a string as payload', asValue('"text"')],
  ['a number as payload', asValue(5)],
  ['null as payload', asValue(null)],
  ['a payload that is no JSON', asValue('{"sub"')],
  ['an empty payload', asValue('')],
  ['a duplicate member', asText((json) => json.replace('{', '{"sub":"admin",'))],
  ['__proto__ in the payload', asText((json) => json.replace(/"sub":("[^"]*")/, '"__proto__":{"sub":$1}'))],
  ['white space in the payload', asText((json) => json.replace('{', '{ '))],
  ['white space at the end of the payload', asText((json) => `${json}\n`)],
  ['a NUL at the end of the payload', asText((json) => `${json}\0`)],
  ['a byte order mark in the payload', asText((json) => `\ufeff${json}`)],
  ['an escaped letter', asText((json) => json.replace('"sub"', '"\\u0073ub"'))],
  ['an escaped slash', asText((json) => json.replace('}', ',"x":"\\/"}'))],
  ['a number in another notation', asText((json) => json.replace(/"iat":(\d+)/, '"iat":$1.0'))],
  [
    'broken UTF-8',
    (token, sign) => {
      const [header] = token.split('.') as [string];
      const bytes = Buffer.from(JSON.stringify({ ...decodeToken(token).payload, x: '?' }));
      bytes[bytes.lastIndexOf('?')] = 0xff;
      const signed = `${header}.${bytes.toString('base64url')}`;
      return `${signed}.${sign(signed)}`;
    },
  ],
  ['nested arrays', asText((json) => json.replace(/}$/, `,"x":${repeated('[', 2700, ']')}}`))],
  ['nested objects', asText((json) => json.replace(/}$/, `,"x":${'{"x":'.repeat(800)}1${'}'.repeat(800)}}`))],
  ['unclosed arrays', asText(() => '['.repeat(5500))],
  ['more than 8 kB', withPayload({ filler: 'x'.repeat(6500) })],
];

const texts: [string, Forge][] = [
  ['a change to the unused bits of the signature', nonCanonical],
  ['a padded signature', segments((h, p, s) => `${h}.${p}.${s}=`)],
  ['a padded payload', segments((h, p, s) => `${h}.${p}=.${s}`)],
  ['no signature', segments((h, p) => `${h}.${p}.`)],
  ['half a signature', segments((h, p, s) => `${h}.${p}.${s.slice(0, 20)}`)],
  ['a signature of zeros', segments((h, p, s) => `${h}.${p}.${'A'.repeat(s.length)}`)],
  ['more characters after the signature', segments((h, p, s) => `${h}.${p}.${s}AAAA`)],
  ['two parts', segments((h, p) => `${h}.${p}`)],
  ['four parts', segments((h, p, s) => `${h}.${p}.${s}.${s}`)],
  ['five parts, as encrypted tokens have', segments((h, p, s) => `${h}.${s}.${s}.${p}.${s}`)],
  ['a dot at the end', (token) => `${token}.`],
  ['a dot at the beginning', (token) => `.${token}`],
  ['only dots', () => '..'],
  [
    'the JSON form of a signature',
    segments((h, p, s) => JSON.stringify({ payload: p, protected: h, signature: s })),
  ],
  ['a space before the token', (token) => ` ${token}`],
  ['a line break after the token', (token) => `${token}\n`],
  ['a NUL after the token', (token) => `${token}\0`],
  ['a byte order mark before the token', (token) => `\ufeff${token}`],
  ['the token twice', (token) => `${token},${token}`],
  ['another payload with the old signature', segments((h, _p, s) => `${h}.${encode({ sub: 'admin' })}.${s}`)],
  [
    'a signature with another secret',
    (token) => resign(token, 'another secret of 40 characters ........', {}),
  ],
  ['a signature with an empty secret', (token) => resign(token, '', {})],
  [
    'a signature with the header as its secret',
    (token) => resign(token, hmacSigner(token.split('.')[0] ?? ''), {}),
  ],
];

/** Tokens that must be rejected wherever they are used: with 401, and without a change to any session. */
export const forgeries = [...headers, ...claims, ...payloads, ...texts];
