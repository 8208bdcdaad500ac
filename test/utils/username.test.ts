import { normalizeUsername, usernameKey } from '../../src';

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
