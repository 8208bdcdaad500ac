import { judge, type Point } from '../../soak/growth.mjs';

const run = { warmUp: 100, seconds: 300, tolerance: { percent: 10, absolute: 2 } };

/** One point per second. */
const points = (valueAt: (second: number) => number): Point[] =>
  Array.from({ length: run.seconds }, (_, second) => [second, valueAt(second)]);

/** Noise like that of garbage collection, but the same in every run. */
const noise = (second: number): number => 8 * Math.sin(second * 12.9898) ** 3;

describe('judge', () => {
  test.each<[what: string, valueAt: (second: number) => number]>([
    ['stays', () => 50],
    ['stays at 0', () => 0],
    ['goes up and down', (second) => 50 + noise(second)],
    ['rises within what is allowed', (second) => 50 + second * 0.02],
    ['falls', (second) => 100 - second * 0.2],
    ['rises only during the warm-up', (second) => Math.min(second, 100)],
    ['has one large value near its end', (second) => (second === 290 ? 10_000 : 50)],
    ['is high for a while in the middle', (second) => (second > 160 && second < 230 ? 90 : 50)],
    ['rises by less than the absolute tolerance', (second) => (second > 200 ? 1.5 : 0)],
  ])('a series that %s did not grow', (_what, valueAt) => {
    expect(judge(points(valueAt), run).grew).toBe(false);
  });

  test.each<[what: string, valueAt: (second: number) => number]>([
    ['rises steadily', (second) => 50 + second * 0.1],
    ['rises steadily under noise', (second) => 50 + second * 0.1 + noise(second)],
    ['rises in steps', (second) => 50 + 10 * Math.floor(second / 60)],
    ['rises from 0', (second) => second * 0.1],
    ['rises faster and faster', (second) => 50 + (second / 60) ** 3],
    ['jumps in the last quarter', (second) => (second > 245 ? 80 : 50)],
  ])('a series that %s grew', (_what, valueAt) => {
    expect(judge(points(valueAt), run).grew).toBe(true);
  });

  test('returns the growth, and how much was allowed', () => {
    const judgement = judge(
      points((second) => 40 + second * 0.1),
      run,
    );
    // The quarters lie around 125 s and 275 s.
    expect(judgement.first).toBeCloseTo(52.5, 0);
    expect(judgement.change).toBeCloseTo(15, 0);
    expect(judgement.trend).toBeCloseTo(15, 0);
    expect(judgement.allowed).toBeCloseTo(5.25, 1);
  });

  test('too few samples are refused, because a broken series would pass with them', () => {
    const inTheFirst = points(() => 50).filter(([second]) => second < 150);
    expect(() => judge([], run)).toThrow('Too few samples');
    expect(() => judge(inTheFirst, run)).toThrow('Too few samples');
  });
});
