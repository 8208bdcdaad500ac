import { durationInSeconds } from '../../src/utils/duration';

test.each([
  [0, 0],
  [90, 90],
  [-1, -1],
  ['30s', 30],
  ['30m', 30 * 60],
  ['3h', 3 * 60 * 60],
  ['30d', 30 * 24 * 60 * 60],
  ['2 hours', 2 * 60 * 60],
  ['1H', 60 * 60],
  ['0.5h', 30 * 60],
  ['1000ms', 1],
])('%j is %d seconds', (duration, seconds) => {
  expect(durationInSeconds(duration)).toBe(seconds);
});

test.each(
  [
    '10',
    '',
    ' ',
    'abc',
    '1.5s',
    '100ms',
    '1e3s',
    '3 parsecs',
    '10 ',
    `${'1'.repeat(101)}s`,
    1.5,
    NaN,
    Infinity,
    null,
    undefined,
    true,
    10n,
    [],
    {},
  ].map((duration) => [duration]),
)('%p is no duration', (duration) => {
  expect(durationInSeconds(duration)).toBeUndefined();
});
