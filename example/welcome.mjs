// The message when the example is ready: its address for a browser, and commands to paste into a second terminal.
import { isIPv6 } from 'node:net';

const USERNAME = 'ann@example.com';
const PASSWORD = 'plum cake at seven';
/** The newest mail is the first. */
const READ_TOKEN = "grep -o 'token=[A-Za-z0-9_-]*' | head -n 1 | cut -c 7-";

/**
 * @param {import('node:http').Server} server
 * @param {{ stores: string, mailing: import('./mail.mjs').Mailing }} parts
 */
export function welcome(server, { stores, mailing }) {
  const url = urlOf(server);
  const json = "-H 'Content-Type: application/json'";
  const cookies = '-b cookies.txt -c cookies.txt';
  const user = `-d '${JSON.stringify({ username: USERNAME, password: PASSWORD })}'`;
  const token = mailing.page ? `$(curl -s ${url}/mails | ${READ_TOKEN})` : 'TOKEN_OF_THE_MAIL';
  return `
The example listens on ${url}, with ${stores}, ${mailing.description}.
Open it in a browser. Or try it in a second terminal: register, confirm the address, log in, and see a guarded route.

curl -w '\\n' ${json} ${user} ${cookies} ${url}/auth/register
curl -w '\\n' ${json} -d "{\\"token\\":\\"${token}\\"}" ${cookies} ${url}/auth/email/verify
curl -w '\\n' ${json} ${user} ${cookies} ${url}/auth/login
curl -w '\\n' -b cookies.txt ${url}/profile

For ${url}/admin start it with ADMIN_USERNAME=${USERNAME} and log in again. Ctrl-C stops it.
`;
}

/** @param {import('node:http').Server} server */
export function urlOf(server) {
  const { address, port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  // By name, because browsers have no passkeys for an address.
  if (['127.0.0.1', '::1', '0.0.0.0', '::'].includes(address)) return `http://localhost:${port}`;
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;
}
