import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const RESOLUTION_MS = 10;
const MB = 1e6;

/** @typedef {{ collect: boolean }} VitalsRequest collect: whether to collect garbage first and measure the heap */

/** Measures the app's own process, since the last call. */
export function createVitals() {
  setFlagsFromString('--expose-gc');
  const collectGarbage = /** @type {() => void} */ (runInNewContext('gc'));
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();

  return async function vitals(/** @type {VitalsRequest} */ { collect }) {
    const loop = {
      loopP50: lateness(delay.percentile(50)),
      loopP99: lateness(delay.percentile(99)),
      loopMax: lateness(delay.max),
    };
    // The time of our own collection must not count as the app's delay.
    delay.disable();
    if (collect) collectGarbage();
    const { rss, heapUsed } = process.memoryUsage();
    await nextTurn();
    delay.reset();
    delay.enable();
    const resources = process.getActiveResourcesInfo();
    return {
      ...loop,
      rss: rss / MB,
      ...(collect && { heap: heapUsed / MB }),
      sockets: resources.filter((name) => name === 'TCPSocketWrap').length,
      handles: resources.length,
      descriptors: readdirSync('/dev/fd').length,
    };
  };
}

/** How late timers fired. A timer that fires on time has no delay. @param {number} nanoseconds */
function lateness(nanoseconds) {
  return Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
}
