import { startChild } from './child.mjs';
import { places } from './cores.mjs';
import { USER_AGENT } from './shared-settings.mjs';

/** @typedef {Record<string, string>} Headers */

/**
 * @typedef {object} RunningApp
 * @property {number} port
 * @property {() => Promise<number>} cpuMicroseconds used so far
 * @property {(number: number) => Promise<Headers>} logIn the headers that this user's client sends after the login
 * @property {() => Promise<void>} stop
 */

/**
 * @param {string} app a file of ../apps
 * @param {object} [settings]
 * @param {number[]} [place]
 * @returns {Promise<RunningApp>}
 */
export async function startApp(app, settings = {}, place = places.app) {
  const child = await startChild('./app-host.mjs', { place, settings: { app, ...settings } });
  const port = /** @type {number} */ (child.ready);
  return {
    port,
    cpuMicroseconds: () => child.call('cpuMicroseconds'),
    logIn: (number) => logIn(port, number),
    stop: child.stop,
  };
}

/**
 * @param {number} port
 * @param {number} number
 * @returns {Promise<Headers>}
 */
async function logIn(port, number) {
  const url = `http://127.0.0.1:${port}/login/${number}`;
  const response = await fetch(url, { method: 'POST', headers: { 'user-agent': USER_AGENT } });
  const text = await response.text();
  if (!response.ok) throw new Error(`A login answered ${response.status}: ${text}`);
  const pairs = response.headers.getSetCookie().map((line) => line.split(';')[0]);
  if (pairs.length > 0) return { cookie: pairs.join('; ') };
  return { authorization: `Bearer ${JSON.parse(text).accessToken}` };
}

/**
 * Makes sure that a variant refuses requests without a login before it is measured.
 *
 * @param {string} name
 * @param {number} port
 * @param {Headers} headers of a user who is logged in
 */
export async function assertGuards(name, port, headers) {
  const url = `http://127.0.0.1:${port}/guarded`;
  const good = await fetch(url, { headers });
  const anonymous = await fetch(url);
  const body = /** @type {{ ok: boolean }} */ (await good.json());
  if (good.status !== 200 || body.ok !== true || anonymous.status !== 401) {
    throw new Error(`${name}: ${good.status} with a good token, ${anonymous.status} without one`);
  }
}
