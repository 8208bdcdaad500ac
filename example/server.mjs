// Starts the example: settings, stores, app, server. Stops it on SIGTERM or Ctrl-C.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createApp } from './app.mjs';
import { openMailing } from './mail.mjs';
import { readSettings } from './settings.mjs';
import { openStores } from './stores.mjs';
import { urlOf, welcome } from './welcome.mjs';

const FINISH_REQUESTS_MS = 5_000;
const STOP_MS = 10_000;

const started = start().catch(fail);

/** @type {Promise<void> | undefined} */
let stopping;
for (const signal of ['SIGTERM', 'SIGINT']) {
  // `on`, not `once`: on Ctrl-C the terminal and npm both send the signal, and the second one must not kill the process.
  process.on(signal, () => {
    stopping ??= started.then(stop);
  });
}

async function start() {
  const settings = readSettings();
  const mailing = await openMailing(settings);
  const stores = await openStores(settings);
  if (settings.adminUsername) await makeAdmin(stores.users, settings.adminUsername);
  const server = createServer();
  await listen(server, settings);
  // The links of mails contain the port, which is known only now. No request can come before the next lines, because they don't wait.
  const { app, auth } = createApp(stores, mailing, {
    ...settings,
    baseUrl: settings.baseUrl ?? urlOf(server),
  });
  server.on('request', app);
  console.log(welcome(server, { stores: stores.description, mailing }));
  return { server, auth, stores };
}

/**
 * @param {import('node:http').Server} server
 * @param {{ port: number, host: string }} address
 */
async function listen(server, { port, host }) {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EADDRINUSE') throw error;
    throw new Error(`port ${port} on ${host} is taken: set PORT to another one`, { cause: error });
  }
}

/**
 * Makes an existing account an admin. If the name were promised in advance, anyone could register it and be admin.
 *
 * @param {import('./stores.mjs').Stores['users']} users
 * @param {string} username
 */
async function makeAdmin(users, username) {
  const user = await users.findByUsername(username);
  if (!user) {
    console.log(`ADMIN_USERNAME: there is no "${username}". Register it, then start again.`);
    return;
  }
  await users.update(user.id, { roles: [...new Set([...user.roles, 'admin'])] });
  console.log(`"${user.username}" is an admin from the next login or refresh on.`);
}

/**
 * In this order: refuse new requests, finish those under way, then close what they needed.
 *
 * @param {Awaited<ReturnType<typeof start>>} running
 */
async function stop({ server, auth, stores }) {
  console.log('Stopping …');
  setTimeout(() => fail(new Error('it did not stop in time')), STOP_MS);
  await finishRequests(server);
  await auth.close();
  await stores.close();
  process.exit(0);
}

/** @param {import('node:http').Server} server */
async function finishRequests(server) {
  server.close();
  // A browser keeps its connection open after the last answer, for a next request.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const deadline = setTimeout(() => server.closeAllConnections(), FINISH_REQUESTS_MS);
  await once(server, 'close');
  clearInterval(idle);
  clearTimeout(deadline);
}

/**
 * @param {Error} error
 * @returns {never}
 */
function fail(error) {
  // When connecting to several addresses fails, the error has no message of its own.
  const reasons = error instanceof AggregateError ? error.errors.map(String).join(', ') : error.message;
  console.error(`passport-visa example: ${reasons}`);
  process.exit(1);
}
