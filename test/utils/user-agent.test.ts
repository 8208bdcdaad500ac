import { keptUserAgent } from '../../src/utils/user-agent';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

test.each([
  [CHROME, 'Chrome 142, Windows'],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
    'Safari 18, iOS',
  ],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0', 'Firefox 133, Linux'],
  ['curl/8.1.2', 'curl 8'],
  ['MyApp/2.5 (build 7)', 'MyApp 2'],
  ['gibberish', 'gibberish'],
  ['(((', 'Unknown'],
])('%s is labelled %s', (header, label) => {
  expect(keptUserAgent(header, 'label')).toBe(label);
});

test('the setting keeps up to 512 characters, or a label of at most 64, or nothing', () => {
  expect(keptUserAgent(CHROME, 'full')).toBe(CHROME);
  expect(keptUserAgent('x'.repeat(600), 'full')).toBe('x'.repeat(512));
  expect(keptUserAgent('x'.repeat(600), 'label')).toBe('x'.repeat(64));
  expect(keptUserAgent(CHROME, false)).toBeUndefined();
});

test.each(['full', 'label', false] as const)('without a header nothing is kept (%s)', (keep) => {
  expect(keptUserAgent(undefined, keep)).toBeUndefined();
  expect(keptUserAgent('', keep)).toBeUndefined();
});
