import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { pinned } from './cores.mjs';

const START_TIMEOUT_MS = 60_000;
const CALL_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 3_000;

/**
 * A Node process that we start and that answers calls.
 *
 * @typedef {object} Child
 * @property {any} ready what the process sent when it was ready
 * @property {(method: string, argument?: unknown) => Promise<any>} call
 * @property {() => Promise<void>} stop
 */

/**
 * @param {string} file beside this one
 * @param {{ place: number[], settings?: unknown, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<Child>}
 */
export async function startChild(file, { place, settings = {}, env = {} }) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  // BENCH_NODE_FLAGS is for a profiler: BENCH_NODE_FLAGS=--cpu-prof npm run bench -- refresh
  const flags = (process.env['BENCH_NODE_FLAGS'] ?? '').split(' ').filter(Boolean);
  const [program, args] = pinned(place, process.execPath, [...flags, path, JSON.stringify(settings)]);
  const child = spawn(program, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production', ...env },
  });
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  const waiting = new Map();
  let lastId = 0;
  const exited = new Promise((resolve) => child.once('exit', resolve));

  /** @param {number} id @param {string} what @param {number} milliseconds */
  const answerTo = (id, what, milliseconds) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${file}: no answer to ${what}`)), milliseconds);
      const settle = (/** @type {(value: any) => void} */ end) => (/** @type {any} */ value) => {
        clearTimeout(timer);
        waiting.delete(id);
        end(value);
      };
      waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
    });

  child.on(
    'message',
    (/** @type {{ id: number, value?: unknown, error?: string }} */ { id, value, error }) => {
      if (error === undefined) waiting.get(id)?.resolve(value);
      else waiting.get(id)?.reject(new Error(error));
    },
  );
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended (${signal ?? code})`));
  });

  return {
    ready: await answerTo(0, 'the start', START_TIMEOUT_MS),
    call(method, argument) {
      lastId += 1;
      const answer = answerTo(lastId, method, CALL_TIMEOUT_MS);
      child.send({ id: lastId, method, argument });
      return answer;
    },
    async stop() {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

/**
 * The child's side: answers calls. The child ends when its parent does, even if the parent was killed.
 *
 * @param {unknown} ready
 * @param {Record<string, (argument: any) => unknown>} methods
 */
export function answerCalls(ready, methods) {
  const send = (/** @type {object} */ message) => {
    if (process.connected) process.send?.(message);
  };
  process.on('message', async (/** @type {{ id: number, method: string, argument: unknown }} */ call) => {
    try {
      send({ id: call.id, value: await methods[call.method]?.(call.argument) });
    } catch (error) {
      send({ id: call.id, error: String(/** @type {Error} */ (error).stack) });
    }
  });
  process.on('disconnect', () => process.exit());
  send({ id: 0, value: ready });
}

/** @returns {any} the settings that were passed to `startChild` */
export function childSettings() {
  return JSON.parse(process.argv[2] ?? '{}');
}
