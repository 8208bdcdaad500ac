import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { anyJson, anyText, extremeJson, headerText } from './texts';
import { mutation, type Mutation, type TokenName } from './token-mutations';

/** A token that mallory sends: her own or nearly the victim's, perhaps changed. */
export interface SentToken {
  token: TokenName;
  of: 'mallory' | 'victim';
  mutation: Mutation;
}

/** A text, or a token that is filled in once it is known. */
export type Value = string | SentToken;

export interface FuzzedRequest {
  method: string;
  /** `{id}` is replaced by `id`. */
  path: string;
  id: string;
  query: string;
  /** Whether to add mallory's own tokens. The header goes before other headers, which makes it count; the cookies go last. */
  loggedIn: 'no' | 'by header' | 'by cookies';
  headers: [name: string, prefix: string, value: Value][];
  cookies: [name: string, value: Value][];
  separator: string;
  body: FuzzedBody;
}

export interface FuzzedBody {
  kind: 'none' | 'near' | 'json' | 'text' | 'form';
  /** Changes to the members of a good body. Undefined removes a member. */
  changes: Record<string, unknown>;
  token: SentToken | undefined;
  text: string;
  type: string;
  coding: 'identity' | 'utf-16le' | 'gzip' | 'broken gzip' | 'chunked';
}

const sentToken: fc.Arbitrary<SentToken> = fc.record({
  token: fc.constantFrom('accessToken', 'refreshToken'),
  of: fc.constantFrom('mallory', 'mallory', 'mallory', 'victim'),
  mutation,
});
const value: fc.Arbitrary<Value> = fc.oneof({ weight: 3, arbitrary: sentToken }, headerText);

const header = (
  names: string[],
  values: fc.Arbitrary<Value>,
  prefix: fc.Arbitrary<string> = fc.constant(''),
) => fc.tuple(fc.constantFrom(...names), prefix, values);
const scheme = fc.constantFrom('Bearer ', 'Bearer ', 'Bearer ', 'bearer  ', 'Basic ', 'Bearer', 'DPoP ', '');
const sites = fc.constantFrom('same-origin', 'none', 'same-site', 'cross-site', 'SAME-ORIGIN');
const origins = fc.constantFrom('http://127.0.0.1', 'null', 'https://evil.example', '://', 'http://[');
const addresses = fc.constantFrom('127.0.0.1', '::1', '::ffff:1.2.3.4', '2001:db8::1, 10.0.0.1', 'unknown');

/** Headers that the package reads, with values that it may or may not expect. */
const headers = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: header(['Authorization'], value, scheme) },
    header(['Origin', 'Referer'], fc.oneof(origins, headerText)),
    header(['Sec-Fetch-Site', 'Sec-Fetch-Mode', 'Sec-Fetch-Dest'], fc.oneof(sites, headerText)),
    header(['Sec-Purpose', 'Purpose', 'X-Moz'], fc.constantFrom('prefetch', 'prefetch;prerender', 'preview')),
    header(['X-Forwarded-For', 'X-Real-IP', 'Forwarded'], fc.oneof(addresses, headerText)),
    header(['X-Forwarded-Host', 'X-Forwarded-Proto', 'X-HTTP-Method-Override'], headerText),
    header(['Idempotency-Key'], fc.oneof(fc.constantFrom('once', 'x'.repeat(128)), headerText)),
    header(['User-Agent', 'Accept', 'Accept-Language', 'If-None-Match', 'Range', 'X-Fuzz'], headerText),
  ),
  { maxLength: 4 },
);

const COOKIES = [
  'accessToken',
  'refreshToken',
  'flowState',
  'accesstoken',
  '__proto__',
  '__Host-accessToken',
];
const cookies = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constantFrom('accessToken', 'refreshToken'), value) },
    fc.tuple(fc.oneof(fc.constantFrom(...COOKIES), headerText), value),
  ),
  { maxLength: 4 },
);

const FIELDS = [
  'username',
  'password',
  'password',
  'refreshToken',
  'currentPassword',
  'newPassword',
  'remember',
];
const types = fc.oneof(
  { weight: 9, arbitrary: fc.constant('application/json') },
  fc.constantFrom('application/json; charset=latin1', 'application/json;charset="', 'text/plain', 'x', ''),
  fc.constantFrom('application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'a/b+json'),
);
const CODINGS = [
  ...Array<'identity'>(6).fill('identity'),
  ...(['utf-16le', 'gzip', 'broken gzip', 'chunked'] as const),
];
const body: fc.Arbitrary<FuzzedBody> = fc.record({
  kind: fc.constantFrom('none', 'near', 'near', 'near', 'json', 'text', 'form'),
  changes: fc.dictionary(
    fc.oneof({ weight: 7, arbitrary: fc.constantFrom(...FIELDS, 'transport', '__proto__') }, anyText),
    fc.oneof(anyJson, anyText, anyText, fc.constant(undefined), fc.constant('body'), fc.boolean()),
    { maxKeys: 2 },
  ),
  token: fc.option(sentToken, { nil: undefined }),
  text: fc.oneof(
    anyJson.map((json) => JSON.stringify(json)),
    { weight: 4, arbitrary: anyJson.map((json) => `{"cut off": ${JSON.stringify(json)}`) },
    extremeJson,
    anyText,
  ),
  type: types,
  coding: fc.constantFrom(...CODINGS),
});

const METHODS = ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'PROPFIND', 'QUERY'];
const queries = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  fc.constantFrom('?', '?__proto__[polluted]=1', '?username=victim&password=x', '?id=%ff', '?refreshToken=x'),
  anyText.map((text) => `?${encodeURIComponent(text.toWellFormed())}=%`),
);
const ids = fc.oneof(
  fc.constantFrom('%00', '%ff', '..', '%2e%2e%2f', '%2F', '__proto__', '.', 'x'.repeat(6000), '{victim}'),
  fc.constantFrom('{mallory}', '{victim}'),
  anyText.map((text) => encodeURIComponent(text.toWellFormed())),
);

/** @param endpoints such as `POST /login`. Most requests are for one of them, with its own method. */
export function requestsTo(endpoints: readonly string[]): fc.Arbitrary<FuzzedRequest> {
  const targets = fc.tuple(
    fc.constantFrom(...endpoints),
    fc.oneof({ weight: 14, arbitrary: fc.constant(undefined) }, fc.constantFrom(...METHODS)),
  );
  const target = targets.map(([endpoint, other]) => {
    const [method = '', path = ''] = endpoint.split(' ');
    return { method: other ?? method, path };
  });
  const shape = fc.constantFrom(...Array<string>(20).fill(''), '/', '//', 'UPPER');
  const rest = fc.record({
    id: ids,
    query: queries,
    loggedIn: fc.constantFrom('no', 'by header', 'by cookies'),
    headers,
    cookies,
    separator: fc.constantFrom('; ', '; ', ';', ';;', ' ; '),
    body,
  });
  return fc.tuple(target, shape, rest).map(([{ method, path }, suffix, others]) => ({
    method,
    path: suffix === 'UPPER' ? path.toUpperCase().replace('{ID}', '{id}') : path + suffix,
    ...others,
  }));
}

export function encodeBody(text: string, coding: FuzzedBody['coding']): Buffer {
  const bytes = Buffer.from(text, coding === 'utf-16le' ? 'utf16le' : 'utf8');
  if (coding === 'gzip') return gzipSync(bytes);
  if (coding === 'broken gzip') return gzipSync(bytes).subarray(0, -5);
  if (coding === 'chunked' && bytes.length > 0)
    return Buffer.concat([
      Buffer.from(`${bytes.length.toString(16)}\r\n`),
      bytes,
      Buffer.from('\r\n0\r\n\r\n'),
    ]);
  return bytes;
}
