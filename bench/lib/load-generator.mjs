// A separate process that sends requests and measures how long they take. It uses plain sockets and prepared requests, because it
// shares its core with Redis: with a full HTTP client, the two of them would be the limit, not the app.
import { connect } from 'node:net';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerCalls } from './child.mjs';
import { percentile } from './statistics.mjs';

const ANSWER_TIMEOUT_MS = 30_000;

try {
  // A real client doesn't compete with the server for a core, so latencies must not include time spent waiting for one.
  setPriority(-10);
} catch {
  // only root may do this
}

/** A keep-alive connection with one request in flight. */
class Connection {
  #socket;
  #received = '';
  /** @type {{ resolve: (answer: string) => void, reject: (error: Error) => void } | undefined} */
  #waiting;

  /** @param {number} port */
  constructor(port) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.setTimeout(ANSWER_TIMEOUT_MS, () => {
      if (this.#waiting) this.#socket.destroy(new Error('no answer'));
    });
    this.#socket.on('data', (/** @type {string} */ text) => this.#receive(text));
    this.#socket.on('error', (error) => this.#waiting?.reject(error));
    this.#socket.on('close', () => this.#waiting?.reject(new Error('the app closed the connection')));
  }

  open() {
    return once(this.#socket, 'connect');
  }

  close() {
    this.#socket.destroy();
  }

  /**
   * @param {string} request
   * @returns {Promise<string>} head and body of the response
   */
  exchange(request) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request, 'latin1');
    });
  }

  /** @param {string} text */
  #receive(text) {
    this.#received += text;
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#received)?.[1] ?? NaN);
    if (this.#received.length < headEnd + 4 + length) return;
    const waiting = this.#waiting;
    const answer = this.#received;
    this.#received = '';
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }
}

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {number} port
 * @property {string} method
 * @property {string} path
 * @property {Record<string, string>[]} users the headers of each user; the requests use them in turn
 * @property {number} connections
 * @property {string[]} [bodies] JSON, used in turn
 * @property {boolean} [rotating] each connection is one user, and keeps the cookies that it receives
 * @property {number} [pauseMilliseconds] between two requests on a connection
 */

/** @typedef {{ target: Target, connections: Connection[], requests: string[], users: Record<string, string>[], turn: number }} Aim */

/** @type {Map<string, Aim>} */
const aims = new Map();

answerCalls('ready', {
  /** @param {Target} target */
  async open(target) {
    const connections = Array.from({ length: target.connections }, () => new Connection(target.port));
    await Promise.all(connections.map((connection) => connection.open()));
    const users = target.users.map((headers) => ({ ...headers }));
    const requests = target.rotating ? [] : render(target, users);
    aims.set(target.name, { target, connections, requests, users, turn: 0 });
  },

  /** @param {{ name: string, milliseconds: number }} burst */
  async burst({ name, milliseconds }) {
    const aim = /** @type {Aim} */ (aims.get(name));
    /** @type {number[]} */
    const latencies = [];
    const startedAt = performance.now();
    await Promise.all(
      aim.connections.map((_, index) => keepAsking(aim, index, startedAt + milliseconds, latencies)),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    latencies.sort((a, b) => a - b);
    return {
      requests: latencies.length,
      seconds,
      latencies: aim.target.pauseMilliseconds === undefined ? [] : latencies,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
    };
  },

  /** @param {string} name */
  close(name) {
    for (const connection of aims.get(name)?.connections ?? []) connection.close();
    aims.delete(name);
  },
});

/**
 * @param {Aim} aim
 * @param {number} index of the connection
 * @param {number} until
 * @param {number[]} latencies
 */
async function keepAsking(aim, index, until, latencies) {
  const { target } = aim;
  const connection = /** @type {Connection} */ (aim.connections[index]);
  while (performance.now() < until) {
    const request = nextRequest(aim, index);
    const sentAt = performance.now();
    const answer = await connection.exchange(request);
    latencies.push(performance.now() - sentAt);
    if (!answer.startsWith('HTTP/1.1 200'))
      throw new Error(`${target.name} answered ${answer.slice(0, 600)}`);
    if (target.rotating) keepCookies(/** @type {Record<string, string>} */ (aim.users[index]), answer);
    if (target.pauseMilliseconds !== undefined) await sleep(target.pauseMilliseconds);
  }
}

/** @param {Aim} aim @param {number} index */
function nextRequest(aim, index) {
  if (aim.target.rotating)
    return renderOne(aim.target, /** @type {Record<string, string>} */ (aim.users[index]));
  aim.turn = (aim.turn + 1) % aim.requests.length;
  return /** @type {string} */ (aim.requests[aim.turn]);
}

/** @param {Target} target @param {Record<string, string>[]} users */
function render(target, users) {
  if (!target.bodies) return users.map((headers) => renderOne(target, headers));
  return target.bodies.map((body) => renderOne(target, { ...users[0] }, body));
}

/** @param {Target} target @param {Record<string, string>} headers @param {string} [body] */
function renderOne({ method, path }, headers, body) {
  const lines = [`${method} ${path} HTTP/1.1`, 'host: 127.0.0.1', 'connection: keep-alive'];
  for (const name in headers) lines.push(`${name}: ${headers[name]}`);
  if (body !== undefined) lines.push('content-type: application/json', `content-length: ${body.length}`);
  else if (method === 'POST') lines.push('content-length: 0');
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
}

/**
 * Keeps the newest cookies of one user. Every variant sets either all of its cookies in a response or none.
 *
 * @param {Record<string, string>} headers
 * @param {string} answer
 */
function keepCookies(headers, answer) {
  const pairs = [...answer.matchAll(/\r\nset-cookie: ([^;\r\n]+)/gi)].map(([, pair]) => pair);
  if (pairs.length > 0) headers['cookie'] = pairs.join('; ');
}
