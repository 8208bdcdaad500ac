import { parseCookie } from 'cookie';
import cookieParser from 'cookie-parser';
import type { Request, Response } from 'express';
import fc from 'fast-check';
import { readCookies, replaceCookie } from '../../src/http/cookies';
import { runs } from './runs';
import { headerText } from './texts';

const names = fc.oneof(
  { weight: 3, arbitrary: fc.constant('accessToken') },
  fc.constantFrom(
    '\xa0accessToken',
    'accesstoken',
    ' accessToken ',
    'xaccessToken',
    '__proto__',
    'constructor',
    '',
    '"',
  ),
  headerText,
);
const values = fc.oneof(
  headerText,
  fc.constantFrom('a.b.c', '"a.b"', '%2E', '%', 'j:{"a":1}', 'j:', 's:a.b'),
);
const pairs = fc.tuple(names, fc.constantFrom('=', '=', '=', '', '==', ' = '), values);
const separators = fc.constantFrom(';', '; ', ';;', ' ;', ',');
const headers = fc
  .array(fc.tuple(pairs, separators), { maxLength: 6 })
  .map((all) => all.map(([pair, separator]) => pair.join('') + separator).join(''));

const requestWith = (cookie: string) => ({ headers: { cookie } }) as Request;
const NAMES = ['accessToken', '__proto__', 'constructor', 'toString'];

test('readCookies reads cookies like the package cookie does', () => {
  const property = fc.property(headers, (header) => {
    for (const name of NAMES) {
      // The package keeps the first of a name, even an empty one.
      const each = header.split(';').map((pair) => (parseCookie(pair) as Record<string, unknown>)[name]);
      const expected = each.filter((value) => typeof value === 'string' && value !== '');
      expect(readCookies(requestWith(header), name)).toEqual(expected);
    }
  });
  fc.assert(property, runs(400));
});

test('after cookie-parser readCookies returns the same text, or one that is no token', () => {
  // cookie-parser and the package cookie treat quotes differently. None of our tokens contains any.
  const property = fc.property(headers, (quoted) => {
    const header = quoted.replaceAll('"', '');
    const bare = readCookies(requestWith(header), 'accessToken')[0];
    const req = requestWith(header);
    cookieParser('a secret')(req, {} as Response, () => undefined);
    const parsed = readCookies(req, 'accessToken')[0];
    if (parsed === bare) return;
    // cookie-parser removes a signed cookie, and parses JSON. The next cookie of that name may follow a signed one.
    if (bare?.startsWith('s:'))
      return expect(readCookies(requestWith(header), 'accessToken')).toContain(parsed ?? bare);
    expect(bare).toMatch(parsed === undefined ? /^s:/ : /^j:/);
    expect([undefined, 'j:']).toContain(parsed);
  });
  fc.assert(property, runs(400));
});

test("a replaced cookie is the one that is read afterwards, and the others don't change", () => {
  const property = fc.property(headers, (spaced) => {
    // JavaScript counts these as white space; others count them as part of a name.
    const header = spaced.replace(/[\v\f\xa0]/g, '_');
    const req = requestWith(header);
    replaceCookie(req, 'accessToken', 'a.b.c');
    expect(readCookies(req, 'accessToken')[0]).toBe('a.b.c');
    const { accessToken: _replaced, ...others } = parseCookie(header);
    expect({ ...parseCookie(req.headers.cookie as string) }).toEqual({ ...others, accessToken: 'a.b.c' });
  });
  fc.assert(property, runs(400));
});
