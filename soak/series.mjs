/**
 * @typedef {object} Series
 * @property {string} key its key in a sample
 * @property {string} name
 * @property {import('./growth.mjs').Tolerance} tolerance
 * @property {string} why the reason for the tolerance
 */

/** @typedef {{ title: string, unit?: string, series: Series[] }} Panel without a unit it shows counts */

const POOL =
  'Clients keep up to 30 connections and the pool up to 10, depending on how many requests run at once. A leak would exceed that.';
const LOOP = 'This shows the machine’s other work. A leak would make it many times longer.';

/** @type {(key: string, name: string, percent: number, absolute: number, why: string) => Series} */
const series = (key, name, percent, absolute, why) => ({ key, name, tolerance: { percent, absolute }, why });

/** What is sampled, in the order of the chart. @type {Panel[]} */
export const panels = [
  {
    title: 'Heap of the app, after a collection',
    unit: 'MB',
    series: [
      series('heap', 'heap used', 3, 0.6, 'Covers requests in flight, and code that V8 compiles later.'),
    ],
  },
  {
    title: 'Memory of the app',
    unit: 'MB',
    series: [series('rss', 'resident', 10, 15, 'V8 and malloc return memory late, or never.')],
  },
  {
    title: 'Event-loop delay',
    unit: 'ms',
    series: [
      series('loopP50', 'p50', 50, 5, LOOP),
      series('loopP99', 'p99', 100, 50, LOOP),
      series('loopMax', 'longest', 100, 250, LOOP),
    ],
  },
  {
    title: 'Open in the app',
    series: [
      series('sockets', 'sockets', 0, 40, POOL),
      series('handles', 'handles', 0, 40, POOL),
      series('descriptors', 'file descriptors', 0, 40, POOL),
    ],
  },
  {
    title: 'Keys in Redis',
    series: [series('redisKeys', 'keys', 20, 20, 'Traffic is random, and so is the number of keys.')],
  },
  {
    title: 'Memory of Redis',
    unit: 'MB',
    series: [series('redisMemory', 'used', 3, 0.1, 'Covers the buffers of its clients.')],
  },
  {
    title: 'Connections',
    series: [
      series('redisClients', 'to Redis', 0, 0, 'The app opens exactly two.'),
      series('postgresClients', 'to PostgreSQL', 0, 9, 'The pool opens up to ten.'),
    ],
  },
  {
    title: 'Rows in PostgreSQL',
    series: [series('postgresRows', 'rows', 10, 40, 'Traffic is random, and so is the number of sessions.')],
  },
];
