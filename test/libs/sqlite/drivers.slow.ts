import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');
const NODE = join(__dirname, '../node_modules/node24/bin/node');

interface Result {
  testResults: {
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

/** Node 20 has no SQLite, so Jest runs once more on Node 24. Each of its tests is one here. */
const { stdout, stderr } = spawnSync(
  NODE,
  [
    'node_modules/jest/bin/jest.js',
    '-c',
    'jest.sqlite.config.js',
    '--json',
    '--silent',
    '--reporters=default',
  ],
  { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 28 },
);
const { testResults } = JSON.parse(stdout || '{"testResults":[]}') as Result;
const tests = testResults.flatMap(({ assertionResults }) =>
  assertionResults.map(({ fullName, ...result }) => ({ name: fullName, ...result })),
);

test('the tests of SQLite run on Node 24, with both drivers', () => {
  if (tests.length === 0) throw new Error(stderr);
  expect(testResults.map(({ message }) => message).filter(Boolean)).toEqual([]);
  for (const driver of ['node:sqlite', 'better-sqlite3'])
    expect(tests.filter(({ name }) => name.startsWith(driver)).length).toBeGreaterThan(100);
});

if (tests.length > 0)
  test.each(tests)('$name', ({ status, failureMessages }) => {
    expect([status, failureMessages]).toEqual(['passed', []]);
  });
