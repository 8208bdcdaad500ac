// The message when the example is ready: its address for a browser, and three commands to paste into a second terminal.
import { isIPv6 } from 'node:net';

const USERNAME = 'ann';
const PASSWORD = 'plum cake at seven';

/**
 * @param {import('node:http').Server} server
 * @param {string} stores
 */
export function welcome(server, stores) {
  const url = urlOf(server);
  const json = "-H 'Content-Type: application/json'";
  const user = `-d '${JSON.stringify({ username: USERNAME, password: PASSWORD })}'`;
  return `
The example listens on ${url}, with ${stores}.
Open it in a browser. Or try it in a second terminal: register, log in, and see a guarded route.

curl -w '\\n' ${json} ${user} ${url}/auth/register
curl -w '\\n' ${json} ${user} -c cookies.txt ${url}/auth/login
curl -w '\\n' -b cookies.txt ${url}/profile

For ${url}/admin start it with ADMIN_USERNAME=${USERNAME} and log in again. Ctrl-C stops it.
`;
}

/** @param {import('node:http').Server} server */
function urlOf(server) {
  const { address, port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  if (address === '0.0.0.0' || address === '::') return `http://localhost:${port}`;
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;
}
