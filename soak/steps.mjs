import { clumsyName, CLUMSY_USERS, GUESSED_USER, PASSWORD } from './settings.mjs';

/** @typedef {import('./client.mjs').Client} Client */
/** @typedef {import('./device.mjs').Device} Device */

const BAD_BODIES = [
  { body: '{"username":', expected: ['400 MALFORMED_BODY'] },
  { body: '[]', expected: ['400 VALIDATION_FAILED'] },
  { body: { username: 'x'.repeat(20_000) }, expected: ['413 PAYLOAD_TOO_LARGE'] },
  {
    body: 'username=ann',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    expected: ['415 UNSUPPORTED_MEDIA_TYPE'],
  },
];

/** What a logged-in device does next, and how often out of a hundred. @type {[number, (device: Device) => unknown][]} */
const deviceSteps = [
  [38, (device) => device.visit('/profile')],
  [10, (device) => device.visit('/checked')],
  [8, (device) => device.visit('/loaded')],
  [10, (device) => (device.isBrowser ? device.openPage() : device.refresh())],
  [7, (device) => device.refresh()],
  [6, (device) => device.refresh(2)],
  [4, (device) => device.refreshAndHangUp()],
  [4, (device) => device.visit('/auth/sessions')],
  [2, (device) => device.endAnother()],
  [2, (device) => device.fallVictim()],
  [4, (device) => device.logout()],
  [1, (device) => device.logoutEverywhere()],
  [4, (device) => device.abandon()],
];

/** What strangers do meanwhile. Few of them send passwords: otherwise bcrypt would take more time than all the rest. @type {[number, (client: Client) => unknown][]} */
const strangerSteps = [
  [50, presentForgedToken],
  [40, sendBadBody],
  [5, typeClumsily],
  [5, guess],
];

const STRANGERS = 0.07;
const TYPED_PASSWORDS = 0.02;

/** @param {Client} client @param {() => Device | undefined} idleDevice */
export function takeStep(client, idleDevice) {
  const device = Math.random() < STRANGERS ? undefined : idleDevice();
  if (!device) return choose(strangerSteps)(client);
  if (device.isLoggedIn) return choose(deviceSteps)(device);
  return device.login(Math.random() < TYPED_PASSWORDS ? PASSWORD : undefined);
}

/** @template T @param {[number, T][]} weighted @returns {T} */
function choose(weighted) {
  let dice = Math.random() * weighted.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, choice] of weighted) {
    dice -= weight;
    if (dice < 0) return choice;
  }
  throw new Error('There is nothing to choose from');
}

/** @param {Client} client */
function presentForgedToken(client) {
  const part = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const forged = [{ alg: 'HS256', typ: 'at+jwt' }, { sub: '1', sid: `${Math.random()}` }, {}]
    .map(part)
    .join('.');
  const headers = { Authorization: `Bearer ${forged}` };
  return client.ask({ method: 'GET', path: '/profile', headers, expected: ['401 ACCESS_TOKEN_INVALID'] });
}

/** @param {Client} client */
function sendBadBody(client) {
  const bad = BAD_BODIES[Math.floor(Math.random() * BAD_BODIES.length)];
  return bad && client.ask({ path: '/auth/login', as: '/auth/login, a bad body', ...bad });
}

let typed = 0;

/** Wrong three times, then right, which resets the user's counter. @param {Client} client */
function typeClumsily(client) {
  const username = clumsyName(Math.floor(typed / 4) % CLUMSY_USERS);
  const isRight = typed % 4 === 3;
  typed += 1;
  const body = { username, password: isRight ? PASSWORD : 'wrong horse battery staple' };
  return client.ask({
    path: '/auth/login',
    as: '/auth/login, mistyped',
    body,
    expected: [isRight ? '200' : '401 INVALID_CREDENTIALS'],
  });
}

/** @param {Client} client */
function guess(client) {
  const body = { username: GUESSED_USER, password: `guess ${Math.random()}` };
  const expected = ['401 INVALID_CREDENTIALS', '429 TOO_MANY_ATTEMPTS'];
  return client.ask({ path: '/auth/login', as: '/auth/login, a guess', body, expected });
}
