import fc from 'fast-check';
import { isLocalPath } from '../../src/http/local-redirect';
import { addressGroup } from '../../src/utils/address-group';
import { durationInSeconds } from '../../src/utils/duration';
import { printable } from '../../src/utils/printable';
import { keptUserAgent } from '../../src/utils/user-agent';
import { normalizeUsername, usernameKey } from '../../src/utils/username';
import { runs } from './runs';
import { anyText } from './texts';

const RUNS = runs(400);

describe('usernames', () => {
  test('stay the same when they are normalised once more', () => {
    const property = fc.property(anyText, (text) => {
      const [name, key] = [normalizeUsername(text), usernameKey(text)];
      expect(normalizeUsername(name)).toBe(name);
      expect(usernameKey(name)).toBe(key);
      expect(usernameKey(key)).toBe(key);
    });
    fc.assert(property, RUNS);
  });

  test('have the same key in lower case, in either Unicode form and with white space around', () => {
    const property = fc.property(anyText, (text) => {
      const key = usernameKey(text);
      for (const variant of [text.toLowerCase(), text.normalize('NFD'), text.normalize('NFC'), ` ${text}\n`])
        expect(usernameKey(variant)).toBe(key);
    });
    fc.assert(property, RUNS);
  });
});

test('printable returns one well-formed line of at most the given length', () => {
  const property = fc.property(fc.array(anyText), fc.nat(80), (texts, maxLength) => {
    const shown = printable(texts.join(''), maxLength);
    expect(shown.length).toBeLessThanOrEqual(maxLength);
    expect(shown).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/u);
    expect(printable(shown, maxLength)).toBe(shown);
  });
  fc.assert(property, RUNS);
});

test('keptUserAgent returns a short text for any user agent', () => {
  const products = fc.constantFrom('Mozilla/5.0 ', 'Chrome/', '(', ';', 'Safari/', '1.2.3', 'curl/8', ' ');
  const agents = fc.array(fc.oneof(products, anyText)).map((parts) => parts.join(''));
  const property = fc.property(agents, (agent) => {
    expect((keptUserAgent(agent, 'full') ?? '').length).toBeLessThanOrEqual(512);
    expect((keptUserAgent(agent, 'label') ?? '').length).toBeLessThanOrEqual(64);
    expect(keptUserAgent(agent, false)).toBeUndefined();
  });
  fc.assert(property, runs(150));
});

describe('addresses', () => {
  const parts = (count: number) => fc.array(fc.nat(0xffff), { minLength: count, maxLength: count });
  const written = (groups: number[]) => groups.map((group) => group.toString(16)).join(':');

  test('any text belongs to a group', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const group = addressGroup(text);
        expect(group).toMatch(/^(unknown|[\d.]+|[\da-f:]+::\/64)$/);
      }),
      RUNS,
    );
  });

  test('two IPv6 addresses are in one group exactly when their first 64 bits are the same', () => {
    const property = fc.property(parts(4), parts(4), parts(4), fc.boolean(), (net, a, b, isSame) => {
      const other = isSame ? net : a;
      // IPv4 addresses written as IPv6 count as IPv4, so these are left out.
      fc.pre([net, other].every((each) => each.some((group) => group !== 0)));
      const groups = [addressGroup(written([...net, ...a])), addressGroup(written([...other, ...b]))];
      expect(groups[0] === groups[1]).toBe(written(net) === written(other));
    });
    fc.assert(property, RUNS);
  });

  test('an IPv4 address is in the same group when written as IPv6, and shares it with no other address', () => {
    const property = fc.property(fc.ipV4(), fc.ipV4(), (one, other) => {
      expect(addressGroup(`::ffff:${one}`)).toBe(addressGroup(one));
      expect(addressGroup(one) === addressGroup(other)).toBe(one === other);
    });
    fc.assert(property, RUNS);
  });
});

test('a local path never leads to another origin, however a browser reads it', () => {
  const pieces = fc.constantFrom(
    '/',
    '\\',
    '//',
    'evil.example',
    '@',
    ':',
    'https:',
    '\t',
    '\n',
    '.',
    '..',
    '%2F',
  );
  const more = fc.constantFrom('?', '#', '%5C', '\u3002', '\uff0f', 'javascript:', ' ', '\0', '/home');
  const paths = fc.array(fc.oneof(pieces, pieces, more, anyText)).map((all) => all.join(''));
  const property = fc.property(paths, fc.boolean(), (path, isRooted) => {
    const candidate = isRooted ? `/${path}` : path;
    if (!isLocalPath(candidate)) return;
    for (const base of ['https://this.app/login', 'http://this.app:3000/a/b?c'])
      for (const read of [candidate, encodeURI(candidate)]) {
        const url = new URL(read, base);
        expect([url.origin, url.username]).toEqual([new URL(base).origin, '']);
      }
  });
  fc.assert(property, RUNS);
});

describe('durations', () => {
  test('any value yields whole seconds or undefined', () => {
    const property = fc.property(fc.oneof(fc.anything(), anyText), (duration) => {
      const seconds = durationInSeconds(duration);
      if (seconds !== undefined) expect(Number.isSafeInteger(seconds)).toBe(true);
    });
    fc.assert(property, RUNS);
  });

  test('a number with a unit yields that many seconds', () => {
    const units = { s: 1, m: 60, h: 3600, d: 86_400 };
    const unit = fc.constantFrom(...Object.keys(units)) as fc.Arbitrary<keyof typeof units>;
    const property = fc.property(fc.nat(100_000), unit, (count, each) => {
      expect(durationInSeconds(`${count}${each}`)).toBe(count * units[each]);
      expect(durationInSeconds(String(count))).toBeUndefined();
    });
    fc.assert(property, RUNS);
  });
});
