import { normalizeUsername, usernameKey } from '../../src';
import { hasInvisibleCharacters } from '../../src/utils/username';

test('a username keeps its spelling, in NFC and without white space around it', () => {
  expect(normalizeUsername('  Zoe\u0308 Smith\t\n')).toBe('Zo\u00eb Smith');
});

test.each([
  ['Ann', 'aNN'],
  ['Zo\u00eb', 'ZOE\u0308'],
  [' ann', 'ann\u00a0'],
  ['\u0130stanbul', '\u0130STANBUL'],
  ['ann@example.com', 'Ann@Example.COM'],
  // Only the lower-case letter has a composed form.
  ['H\u0331', '\u1e96'],
  // Three sigmas: capital, small, and small at the end of a word.
  ['\u039f\u0394\u039f\u03a3', '\u03bf\u03b4\u03bf\u03c3'],
])('%j and %j are the same username', (one, other) => {
  expect(usernameKey(one)).toBe(usernameKey(other));
});

test.each([
  ['ann', 'an n'],
  ['ann', 'anne'],
  ['\ufb01le', 'file'],
  ['\uff41nn', 'ann'],
  ['zoe', 'zo\u00eb'],
])('%j and %j are different usernames', (one, other) => {
  expect(usernameKey(one)).not.toBe(usernameKey(other));
});

test('the key of a key is the same key, so a store may keep it', () => {
  for (const name of ['\u0130', '\u1e9e', '\u03a3\u03a3', '\u212b', 'I\u0307', ' X ']) {
    expect(usernameKey(usernameKey(name))).toBe(usernameKey(name));
  }
});

test.each([
  ['zero width space', 'adm\u200bin'],
  ['word joiner', 'admin\u2060'],
  ['soft hyphen', 'ad\u00admin'],
  ['byte order mark', 'ad\ufeffmin'],
  ['right-to-left override', '\u202enimda'],
  ['Arabic letter mark', 'admin\u061c'],
  ['variation selector', 'admin\ufe0f'],
  ['variation selector of a supplement', 'admin\u{e0100}'],
  ['tag', 'admin\u{e0061}'],
  ['combining grapheme joiner', 'a\u034fdmin'],
  ['Hangul choseong filler', '\u115fadmin'],
  ['Hangul jungseong filler', 'admin\u1160'],
  ['Hangul filler', 'admin\u3164'],
  ['half-width Hangul filler', 'admin\uffa0'],
  ['Khmer vowel that is not shown', 'admin\u17b4'],
  ['Mongolian vowel separator', 'ad\u180emin'],
  ['Braille pattern without dots', 'admin\u2800'],
  ['no-break space', 'ann\u00a0lee'],
  ['thin space', 'ann\u2009lee'],
  ['ideographic space', 'ann\u3000lee'],
  ['line separator', 'ann\u2028lee'],
  ['joiner in Latin letters', 'ad\u200dmin'],
  ['non-joiner in Latin letters', 'ad\u200cmin'],
  ['joiner at the end', 'admin\u200d'],
  ['non-joiner after an Arabic letter that never joins the next', '\u062f\u200c\u0645'],
  ['joiner between Arabic letters', '\u0645\u200d\u06cc'],
  ['two non-joiners', '\u0645\u06cc\u200c\u200c\u0631\u0648\u0645'],
  ['non-joiner at the end of an Arabic name', '\u0645\u06cc\u200c'],
  ['joiner without a virama', '\u0915\u200d\u0937'],
  ['joiner at the end of an Indic name', '\u0915\u094d\u200d'],
  ['joiner in an emoji', '\u{1f469}\u200d\u{1f4bb}'],
])('a name with a %s has an invisible character', (_what, name) => {
  expect(hasInvisibleCharacters(name)).toBe(true);
});

test.each([
  ['ASCII', 'ann.lee+1@example.com'],
  ['plain spaces', 'ann  lee'],
  ['accents', 'Zoe\u0308 \u0141ukasz'],
  ['Korean', '\ud64d\uae38\ub3d9'],
  ['Hangul letters', '\u1112\u1169\u11bc'],
  ['Chinese', '\u738b\u5c0f\u660e'],
  ['Hebrew', '\u05d3\u05d5\u05d3'],
  ['Arabic with vowels', '\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f'],
  ['Persian with a non-joiner', '\u0645\u06cc\u200c\u0631\u0648\u0645'],
  ['Persian with a vowel before the non-joiner', '\u0645\u06cc\u0650\u200c\u0631\u0648\u0645'],
  ['Hindi', '\u0915\u094d\u0937'],
  ['Hindi with a joiner', '\u0915\u094d\u200d\u0937'],
  ['Hindi with a non-joiner', '\u0915\u094d\u200c\u0937'],
  ['Sinhala with a joiner', '\u0dc1\u0dca\u200d\u0dbb\u0dd3'],
  ['Malayalam with a joiner', '\u0d28\u0d4d\u200d\u0d2e'],
  ['emoji', 'ann\u{1f419}'],
])('a name in %s has no invisible character', (_what, name) => {
  expect(hasInvisibleCharacters(name)).toBe(false);
});

test('a row of marks that is as long as a body is looked at as fast as a row of letters', () => {
  const fastest = (name: string) =>
    Math.min(
      ...Array.from({ length: 5 }, () => {
        const begin = performance.now();
        hasInvisibleCharacters(name);
        return performance.now() - begin;
      }),
    );
  const [marks, letters] = ['\u064b'.repeat(8000), '\u0628'.repeat(8000)];
  fastest(letters);
  // It was 1,000 times as long.
  expect(fastest(marks)).toBeLessThan(50 * fastest(letters));
});
