import http from 'node:http';

const PATIENCE_MS = 10_000;
const KEPT_CONNECTIONS = 30;

/**
 * @typedef {object} Call
 * @property {string} [method]
 * @property {string} path
 * @property {string} [as] the path to count it under, if the path contains an id
 * @property {http.OutgoingHttpHeaders} [headers]
 * @property {string | object} [body] sent as JSON, unless it is a string
 * @property {readonly string[]} expected outcomes: `200`, `401 SESSION_REVOKED`
 * @property {boolean} [hangsUp] closes the connection before a response can arrive
 */

/** @typedef {{ status: number, body: any, cookies: Record<string, string> }} Answer */

/** Sends requests over kept and new connections, and counts the outcomes. */
export class Client {
  sent = 0;
  inFlight = 0;
  /** How often each outcome happened, such as `POST /auth/refresh: 200`. @type {Record<string, number>} */
  outcomes = {};
  /** The same for outcomes that must not happen. @type {Record<string, number>} */
  unexpected = {};
  #port;
  // Closes idle connections long before the server does.
  #kept = new http.Agent({ keepAlive: true, maxSockets: KEPT_CONNECTIONS, timeout: PATIENCE_MS });

  /** @param {number} port */
  constructor(port) {
    this.#port = port;
  }

  /** @param {Call} call @returns {Promise<Answer>} */
  async ask(call) {
    this.sent += 1;
    this.inFlight += 1;
    try {
      const answer = await this.#send(call);
      this.#count(call, `${answer.status} ${answer.body?.code ?? ''}`.trim());
      return answer;
    } catch (error) {
      this.#count(call, call.hangsUp ? 'hung up' : `no answer: ${/** @type {Error} */ (error).message}`);
      return { status: 0, body: undefined, cookies: {} };
    } finally {
      this.inFlight -= 1;
    }
  }

  /** @param {Call} call @param {string} outcome */
  #count({ method = 'POST', path, as = path, expected }, outcome) {
    const key = `${method} ${as}: ${outcome}`;
    this.outcomes[key] = (this.outcomes[key] ?? 0) + 1;
    if (outcome === 'hung up' || expected.includes(outcome)) return;
    this.unexpected[key] = (this.unexpected[key] ?? 0) + 1;
  }

  /** @param {Call} call @returns {Promise<Answer>} */
  #send({ method = 'POST', path, headers, body, hangsUp }) {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const request = http.request({
      port: this.#port,
      host: '127.0.0.1',
      method,
      path,
      // Every tenth request has a new connection.
      agent: Math.random() < 0.1 ? false : this.#kept,
      timeout: PATIENCE_MS,
      headers: {
        'X-Forwarded-For': addressFor(body),
        ...(text && { 'Content-Type': 'application/json' }),
        ...headers,
      },
    });
    return new Promise((resolve, reject) => {
      request.once('error', reject);
      request.once('timeout', () => request.destroy(new Error('timed out')));
      request.once('response', (response) => read(response).then(resolve, reject));
      if (hangsUp) setTimeout(() => request.destroy(), Math.random() * 10);
      request.end(text);
    });
  }
}

/** @param {http.IncomingMessage} response @returns {Promise<Answer>} */
async function read(response) {
  const chunks = await response.toArray();
  const text = Buffer.concat(chunks).toString();
  const pairs = (response.headers['set-cookie'] ?? []).map((line) => line.split(';', 1)[0]?.split('=') ?? []);
  return {
    status: response.statusCode ?? 0,
    body: text === '' ? undefined : JSON.parse(text),
    cookies: Object.fromEntries(pairs),
  };
}

/**
 * One of a thousand addresses. A user who types a password always has the same one: addresses that a user has logged in from are
 * remembered for 30 days, longer than any soak, so varied ones would pile up.
 * @param {unknown} body
 */
function addressFor(body) {
  const { username, password } = /** @type {{ username?: string, password?: string }} */ (Object(body));
  if (username && password)
    return `10.1.0.${[...username].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 250}`;
  return `10.0.${Math.floor(Math.random() * 4)}.${Math.floor(Math.random() * 250)}`;
}
