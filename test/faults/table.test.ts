import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SCENARIOS } from './scenarios';

const page = readFileSync(join(__dirname, '../../docs/reliability.md'), 'utf8');
const [, table = ''] = page.split(/<!-- (?:measured|end) -->/);
/** Without the table's header. */
const rows = table
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('the table of docs/reliability.md has every scenario, in order, with its promise', () => {
  expect(rows.map(([, name, promise]) => ({ name, promise }))).toEqual(SCENARIOS);
});

test('every scenario has its measurements in the table', () => {
  for (const [, name, , requests, errors, slowest, healed, lost] of rows) {
    const row = { name, requests, errors, slowest, healed, lost };
    expect(row).toEqual({
      name,
      requests: expect.stringMatching(/^[1-9]\d*$/),
      errors: expect.stringMatching(/^\d+( \+ \d+ unanswered)?$/),
      slowest: expect.stringMatching(/^\d+$/),
      healed: expect.stringMatching(/^(\d+\.\d|–)$/),
      lost: expect.stringMatching(/^\d+ of [1-9]\d*$/),
    });
  }
});

test('every scenario has a test', () => {
  const suites = readdirSync(__dirname).filter((name) => name.endsWith('.faults.ts'));
  const text = suites.map((name) => readFileSync(join(__dirname, name), 'utf8')).join('\n');
  const missing = SCENARIOS.filter(({ name }) => !text.includes(`'${name}'`));
  expect(missing).toEqual([]);
});
