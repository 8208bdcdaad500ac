import { serviceUnavailable } from '../../../src/errors';
import { RowLines } from '../../../src/stores/app-table/row-lines';
import { startStopwatch } from '../../helpers/within';

const TURN_MS = 100;
const unavailable = { code: 'SERVICE_UNAVAILABLE' };

/** A change that ends when the test says so. */
function held() {
  let end: () => void = () => undefined;
  const change = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { change: () => change, end: () => end() };
}

test('a change whose turn does not come gets 503 in time, is never made, and holds up nobody', async () => {
  const lines = new RowLines();
  const first = held();
  const made: string[] = [];
  const ending = lines.run('ann', first.change, TURN_MS);
  const elapsed = startStopwatch();
  const late = lines.run('ann', () => Promise.resolve(made.push('late')), TURN_MS);
  const patient = lines.run('ann', () => Promise.resolve(made.push('patient')), 1_000 * TURN_MS);
  const other = lines.run('bob', () => Promise.resolve('at once'), TURN_MS);
  expect(await other).toBe('at once');
  await expect(late).rejects.toMatchObject(unavailable);
  expect(elapsed()).toBeLessThan(1000);
  expect(made).toEqual([]);
  first.end();
  await Promise.all([ending, patient]);
  expect(made).toEqual(['patient']);
});

test('an error of a change is its own, also a 503', async () => {
  const lines = new RowLines();
  const first = held();
  const refused = lines.run(
    'ann',
    () => first.change().then(() => Promise.reject(serviceUnavailable(new Error()))),
    10,
  );
  const next = lines.run('ann', () => Promise.resolve('made'), 10_000);
  first.end();
  await expect(refused).rejects.toMatchObject(unavailable);
  expect(await next).toBe('made');
});

test('changes of one row are made in the order of the calls, and nothing is kept of them', async () => {
  const lines = new RowLines();
  const first = held();
  const made: number[] = [];
  const ending = lines.run('ann', first.change, 10_000);
  const changes = Array.from({ length: 100 }, (_, n) =>
    lines.run('ann', () => Promise.resolve(made.push(n)), n % 10 === 9 ? 1 : 10_000),
  );
  const given = changes.filter((_, n) => n % 10 === 9);
  for (const each of given) await expect(each).rejects.toMatchObject(unavailable);
  expect(lines.isFree('ann')).toBe(false);
  first.end();
  await Promise.all([ending, ...changes.filter((_, n) => n % 10 !== 9)]);
  expect(made).toEqual(Array.from({ length: 100 }, (_, n) => n).filter((n) => n % 10 !== 9));
  expect(lines.isFree('ann')).toBe(true);
});
