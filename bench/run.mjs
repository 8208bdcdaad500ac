// npm run bench [-- [--quick] [part …]]
import { startChild } from './lib/child.mjs';
import { places } from './lib/cores.mjs';
import { describeMachine } from './lib/machine.mjs';
import { print, renderPart, renderReport, renderTargets } from './lib/report.mjs';
import { startPostgres, startRedis } from './lib/servers.mjs';
import { writePage } from './lib/write-page.mjs';
import { measureGrowth } from './parts/growth.mjs';
import { measureGuard } from './parts/guard.mjs';
import { measureLogin } from './parts/login.mjs';
import { measureMemory } from './parts/memory.mjs';
import { measureRefresh } from './parts/refresh.mjs';
import { measureSameAnswers } from './parts/same-answers.mjs';
import { measureSockets } from './parts/sockets.mjs';
import { measureStartUp } from './parts/startup.mjs';

/**
 * @typedef {object} Context
 * @property {import('./lib/servers.mjs').Server} redis
 * @property {import('./lib/servers.mjs').Server} postgres
 * @property {import('./lib/child.mjs').Child} load
 * @property {Pace} pace
 */

/** @typedef {typeof full} Pace */

const parts = {
  guard: measureGuard,
  login: measureLogin,
  refresh: measureRefresh,
  memory: measureMemory,
  growth: measureGrowth,
  sockets: measureSockets,
  startup: measureStartUp,
  answers: measureSameAnswers,
};

const full = {
  rounds: 23,
  burstMilliseconds: 200,
  warmUpMilliseconds: 3000,
  loginRounds: 4,
  loginMilliseconds: 4000,
  usersInMemory: 3000,
  redisSizes: [1_000, 10_000, 100_000, 1_000_000],
  postgresSizes: [1_000, 10_000, 100_000],
  growthOperations: 1000,
  startUps: 15,
  sockets: 10_000,
  signOuts: 1000,
  sessionsOfUser: 1900,
  sameAnswers: 2000,
};

/** @type {Pace} */
const quick = {
  rounds: 5,
  burstMilliseconds: 150,
  warmUpMilliseconds: 1000,
  loginRounds: 1,
  loginMilliseconds: 3000,
  usersInMemory: 300,
  redisSizes: [1_000, 10_000],
  postgresSizes: [1_000, 3_000],
  growthOperations: 200,
  startUps: 5,
  sockets: 1000,
  signOuts: 200,
  sessionsOfUser: 200,
  sameAnswers: 200,
};

const words = process.argv.slice(2);
const isQuick = words.includes('--quick');
const chosen = words.filter((word) => word !== '--quick');
const unknown = chosen.filter((word) => !(word in parts));
if (unknown.length > 0) {
  throw new Error(`Unknown: ${unknown.join(', ')}. Known: --quick, ${Object.keys(parts).join(', ')}`);
}

// Ctrl-C is a normal exit: temporary folders are removed, and started processes end after this one.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const startedAt = performance.now();
const results = [];
for (const [name, measure] of Object.entries(parts)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  results.push(await withServers((context) => measure(context)));
  process.stderr.write(`${name}: done after ${seconds()} s\n`);
}

if (isQuick || chosen.length > 0) {
  for (const part of results) print(renderPart(part));
  print(renderTargets(results.flatMap(({ targets = [] }) => targets)));
} else {
  const duration = `${Math.floor(seconds() / 60)} minutes ${seconds() % 60} seconds`;
  const report = renderReport({ facts: describeMachine(), duration, parts: results });
  print(report);
  await writePage(new URL('./README.md', import.meta.url), report);
}

/**
 * Each part gets new, empty servers.
 *
 * @template T
 * @param {(context: Context) => Promise<T>} use
 */
async function withServers(use) {
  const started = [];
  try {
    const redis = await startRedis();
    started.push(redis);
    const postgres = await startPostgres();
    started.push(postgres);
    const load = await startChild('./load-generator.mjs', { place: places.load });
    started.push(load);
    return await use({ redis, postgres, load, pace: isQuick ? quick : full });
  } finally {
    for (const server of started.reverse()) await server.stop();
  }
}

function seconds() {
  return Math.round((performance.now() - startedAt) / 1000);
}
