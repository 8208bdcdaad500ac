import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const RESOLUTION_MS = 10;
const MB = 1e6;

/** @typedef {{ collect: boolean }} VitalsRequest collect: whether garbage is collected first, and the heap measured */

/** What an app process can say about itself, since it was last asked. */
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
    // What our own collection takes is not the app's.
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

/** A timer that comes when it should is not late. @param {number} nanoseconds */
function lateness(nanoseconds) {
  return Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
}
