// npm run soak:sockets [-- CONNECTIONS]
import { startChild } from '../bench/lib/child.mjs';
import { places } from '../bench/lib/cores.mjs';
import { whole } from '../bench/lib/format.mjs';
import { startRedis } from '../bench/lib/servers.mjs';
import { writePage } from '../bench/lib/write-page.mjs';

const STEPS = 10;
const SESSIONS = 50;
/** After the first step everything is loaded and every table has its size. Of a leak, 90,000 sockets would leave megabytes. */
const TOLERATED_BYTES = 1_000_000;
/** Longer than a client may take to answer a close, and than the interval in which sockets are looked at. */
const SETTLE_MS = 4000;

const count = Number(process.argv[2] ?? 100_000);
if (!(count >= 1000)) throw new Error('CONNECTIONS must be a number from 1000');
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const redis = await startRedis();
const app = await startChild('../../soak/socket-app.mjs', {
  place: places.app,
  settings: { redisUrl: redis.url },
});
const clients = await startChild('../../soak/socket-clients.mjs', { place: places.load });

/** @type {{ connections: number, heap: number, open: number }[]} */
const samples = [];
const plans = (await app.call('logIn', { count: SESSIONS })).map((/** @type {object} */ login) => ({
  ...login,
  port: app.ready,
}));
// Those to Redis.
const { connections: own } = await app.call('memory');
for (let step = 1; step <= STEPS; step += 1) {
  // A call must answer in time.
  for (let part = 0; part < 10; part += 1)
    await clients.call('churn', { plans, count: Math.round(count / STEPS / 10) });
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const { heap, open, connections } = await app.call('memory');
  samples.push({ connections: (step * count) / STEPS, heap, open: Math.max(open, connections - own) });
  process.stderr.write(`${whole((step * count) / STEPS)}: ${whole(heap)} bytes, ${open} open\n`);
}
await clients.stop();
await app.stop();
await redis.stop();

const [first, last] = [samples[0], samples.at(-1)];
const grown = Number(last?.heap) - Number(first?.heap);
const faults = [
  ...(grown > TOLERATED_BYTES ? [`The heap grew by ${whole(grown)} bytes`] : []),
  ...(samples.some(({ open }) => open > 0) ? ['Connections stayed open'] : []),
];
const page = `# Soak of WebSockets

\`npm run soak:sockets\` writes this page; don’t edit it by hand. ${whole(count)} WebSockets of ${SESSIONS} sessions connect to one process, 100 at a time, and disconnect:
a third with a close, a third without a word, a third in the middle of a message. The run fails if the heap grows by more than ${whole(TOLERATED_BYTES / 1000)} kB after the first tenth,
or if a connection stays open. ${faults.length === 0 ? 'Nothing was left behind.' : `**Failed**: ${faults.join('; ')}.`}

| connections so far | heap after garbage collection, kB | still open |
| ---: | ---: | ---: |
${samples.map(({ connections, heap, open }) => `| ${whole(connections)} | ${whole(heap / 1000)} | ${open} |`).join('\n')}
`;
process.stdout.write(page);
await writePage(new URL('./sockets.md', import.meta.url), page);
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exit(faults.length === 0 ? 0 : 1);
