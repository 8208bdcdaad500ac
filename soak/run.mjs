// npm run soak [-- MINUTES] [--sessions redis|postgres]
import { writeFile } from 'node:fs/promises';
import { startChild } from '../bench/lib/child.mjs';
import { places } from '../bench/lib/cores.mjs';
import { print } from '../bench/lib/report.mjs';
import { startPostgres, startRedis } from '../bench/lib/servers.mjs';
import { writePage } from '../bench/lib/write-page.mjs';
import { renderChart } from './chart.mjs';
import { parseCommand, USAGE } from './command.mjs';
import { judge } from './growth.mjs';
import { renderReport } from './report.mjs';
import { createSampler } from './sampler.mjs';
import { panels } from './series.mjs';
import { warmUpSeconds } from './settings.mjs';
import { takeSamples } from './take-samples.mjs';

const command = commandOrExit();
const seconds = command.minutes * 60;
const warmUp = warmUpSeconds(seconds);
const [page, chart] =
  command.sessions === 'redis' ? ['README.md', 'soak.svg'] : ['postgres.md', 'postgres.svg'];

// Ctrl-C is a normal exit: child processes end with this one, and started servers end after it.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const { samples, progress, traffic, events } = await soak();
const lines = panels.flatMap(({ title, unit, series }) =>
  series.map((each) => ({ ...each, panel: title, unit, points: pointsOf(each.key) })),
);
const judged = lines.map((line) => ({
  ...line,
  judgement: judge(line.points, { warmUp, seconds, tolerance: line.tolerance }),
}));
const faults = findFaults();

const report = renderReport({ command, chart, seconds, warmUp, ...traffic, events, judged, faults });
print(report);
await writePage(new URL(page, import.meta.url), report);
await writeFile(new URL(chart, import.meta.url), draw());
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exit(faults.length === 0 ? 0 : 1);

function commandOrExit() {
  try {
    return parseCommand(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${/** @type {Error} */ (error).message}\n\n${USAGE}\n`);
    process.exit(2);
  }
}

/** Starts everything, takes the samples, and stops everything. */
async function soak() {
  /** @type {{ stop(): Promise<void> }[]} */
  const started = [];
  /** @template {{ stop(): Promise<void> }} T @param {Promise<T>} starting */
  const start = async (starting) => {
    const server = await starting;
    started.push(server);
    return server;
  };
  try {
    const { url: redisUrl } = await start(startRedis());
    const { url: postgresUrl } = await start(startPostgres());
    const settings = { redisUrl, postgresUrl, sessions: command.sessions };
    const app = await start(startChild('../../soak/app.mjs', { place: places.app, settings }));
    const sampler = await createSampler({ app, redisUrl, postgresUrl });
    const clients = await start(
      startChild('../../soak/traffic.mjs', { place: places.load, settings: { port: app.ready } }),
    );
    const taken = await takeSamples({ sampler, clients, seconds });
    const [last, told, heard] = [
      await clients.call('progress'),
      await clients.call('stop'),
      await app.call('events'),
    ];
    await sampler.close();
    return { samples: taken, progress: last, traffic: told, events: heard };
  } finally {
    for (const server of started.reverse()) await server.stop();
  }
}

/** @param {string} key @returns {import('./growth.mjs').Point[]} */
function pointsOf(key) {
  return samples.flatMap(({ at, sample }) => {
    const value = sample[key];
    return value === undefined ? [] : [[at, value]];
  });
}

/** @returns {string[]} */
function findFaults() {
  const grown = judged.filter(({ judgement }) => judgement.grew);
  return [
    ...grown.map(
      ({ panel, name, judgement }) =>
        `Grew: ${panel}: ${name}, from ${judgement.first.toFixed(2)} to ${judgement.last.toFixed(2)}`,
    ),
    ...Object.entries(progress.unexpected).map(
      ([outcome, times]) => `Unexpected: ${outcome}, ${times} times`,
    ),
    ...progress.failures,
  ];
}

function draw() {
  const title = `npm run soak -- ${command.minutes}, sessions in ${command.sessions === 'redis' ? 'Redis' : 'PostgreSQL'}`;
  return renderChart({
    title,
    seconds,
    warmUp,
    panels: panels.map(({ title: heading, unit, series }) => ({
      ...{ title: heading, unit },
      lines: series.map(({ key, name }) => ({ name, points: pointsOf(key) })),
    })),
  });
}
