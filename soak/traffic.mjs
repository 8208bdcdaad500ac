// A separate process, so the clients' memory and CPU time don't count as the app's.
import { answerCalls, childSettings } from '../bench/lib/child.mjs';
import { Client } from './client.mjs';
import { Device } from './device.mjs';
import { DEVICES, RATE } from './settings.mjs';
import { takeStep } from './steps.mjs';

const TICK_MS = 10;
/** After a longer standstill of the machine, the missed requests are not made up for. */
const MOST_BEHIND = RATE;
/** An app that can't keep up is a failure by itself; more requests would only hide it. */
const MOST_IN_FLIGHT = 3 * RATE;

const client = new Client(childSettings().port);
const devices = Array.from({ length: DEVICES }, (_, at) => new Device(client, at % 2 ? 'cookie' : 'body'));
let nextDevice = 0;
let startedAt = performance.now();
let due = 0;
let skipped = 0;
/** @type {string[]} */
const failures = [];

const timer = setInterval(() => {
  due = ((performance.now() - startedAt) / 1000) * RATE - skipped;
  if (due - client.sent > MOST_BEHIND) {
    skipped += due - client.sent - MOST_BEHIND;
    due = client.sent + MOST_BEHIND;
  }
  while (client.sent < due && client.inFlight < MOST_IN_FLIGHT) step();
}, TICK_MS);

answerCalls(undefined, {
  progress: () => ({ sent: client.sent, inFlight: client.inFlight, unexpected: client.unexpected, failures }),
  async stop() {
    clearInterval(timer);
    return { sent: client.sent, skipped: Math.round(skipped), outcomes: client.outcomes };
  },
});

function step() {
  /** @type {Device | undefined} */
  let device;
  const taken = takeStep(client, () => {
    device = idleDevice();
    return device;
  });
  Promise.resolve(taken)
    .catch((error) => failures.push(String(error.stack)))
    .finally(() => device && (device.isBusy = false));
}

/** In turn, so every session is used before it expires, unless it has been abandoned. */
function idleDevice() {
  for (let looked = 0; looked < DEVICES; looked += 1) {
    nextDevice = (nextDevice + 1) % DEVICES;
    const device = devices[nextDevice];
    if (!device || device.isBusy) continue;
    device.isBusy = true;
    return device;
  }
  return undefined;
}
