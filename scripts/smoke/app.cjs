// A user's life from registration to logout, in an app with the installed package, on a real Redis and PostgreSQL. Runs as ESM
// and as CJS, on each Node.
const assert = require('node:assert/strict');
const { generateKeyPairSync, randomUUID } = require('node:crypto');
const { once } = require('node:events');

// All runs share the servers, so each uses names of its own.
const RUN = randomUUID();
const SHARED = { issuer: 'https://login.example.com', audience: 'https://api.example.com' };
const CREDENTIALS = { username: `alice ${RUN}`, password: 'a violet umbrella' };

/**
 * @param {object} modules
 * @param {any} modules.express
 * @param {any} modules.visa
 * @param {any} modules.testing
 * @param {any} modules.verifier
 * @param {any} [modules.client] ESM only
 * @param {any} [modules.account] ESM only
 * @param {any} modules.Redis
 * @param {any} modules.Pool
 */
async function runApp({ express, visa, testing, verifier, client, account, Redis, Pool }) {
  const redis = new Redis(process.env.REDIS_URL);
  const pool = new Pool({ connectionString: process.env.DATABASE_URL });
  const users = new visa.PostgresUserStore(pool);
  await users.migrate();
  const auth = visa.createAuth({
    users,
    refreshTokens: new visa.RedisRefreshTokenStore(redis, { keyPrefix: RUN }),
    accessToken: { algorithm: 'EdDSA', secret: generateKeyPairSync('ed25519'), expiresIn: '30m', ...SHARED },
    jwks: true,
    refreshToken: { secret: 'a refresh secret of at least 32 bytes', expiresIn: '3h' },
    password: { cost: 10 },
  });
  await auth.ready();
  const app = express();
  app.use('/auth', auth.router);
  app.get('/profile', auth.tokenVerify, (/** @type {any} */ req, /** @type {any} */ res) =>
    res.json(visa.userOf(req)),
  );
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  try {
    await registerToLogout(origin);
    await logInWithoutPassword(origin, auth, testing);
    await useOtherService(origin, auth, testing, verifier);
    if (client) await logInByClient(origin, client, account);
  } finally {
    // The process must now end by itself, or its time limit fails the run.
    server.closeAllConnections();
    server.close();
    await auth.close();
    redis.disconnect();
    await pool.end();
  }
}

/** @param {string} origin @param {any} auth @param {any} testing */
async function logInWithoutPassword(origin, auth, testing) {
  const bob = await testing.loginAs(auth, { username: `bob ${RUN}`, roles: ['admin'] });
  const answer = await fetch(`${origin}/profile`, { headers: bob.headers });
  assert.equal(/** @type {any} */ (await answer.json()).sessionId, bob.sessionId);
}

/** @param {string} origin @param {any} auth @param {any} testing @param {any} verifier */
async function useOtherService(origin, auth, testing, { createVerifier }) {
  const service = createVerifier({ jwks: `${origin}/auth/jwks.json`, ...SHARED });
  await service.ready();
  const { accessToken, sessionId } = await testing.loginAs(auth, { username: `dan ${RUN}` });
  assert.equal((await service.verify(accessToken)).sessionId, sessionId);
  await service.close();
}

/** @param {string} origin @param {any} client @param {any} account */
async function logInByClient(origin, { createAuthClient }, { createAccountClient }) {
  const phone = createAuthClient({ baseUrl: `${origin}/auth`, transport: 'bearer' });
  assert.equal(createAccountClient(phone).takeToken(), undefined);
  const credentials = { ...CREDENTIALS, username: `carol ${RUN}` };
  await phone.register(credentials);
  const { id } = await phone.login(credentials);
  await phone.refresh();
  assert.equal(/** @type {any} */ (await (await phone.fetch(`${origin}/profile`)).json()).id, id);
  await phone.logout();
  assert.equal(await phone.check(), null);
}

/** @param {string} origin */
async function registerToLogout(origin) {
  const jar = new Map();
  /** @param {string} method @param {string} path @param {unknown} [body] */
  const request = (method, path, body) => send(jar, method, origin + path, body);

  assert.deepEqual(await request('GET', '/profile'), { status: 401, code: 'NO_ACCESS_TOKEN' });

  const registered = await request('POST', '/auth/register', CREDENTIALS);
  assert.equal(registered.status, 201);

  const login = await request('POST', '/auth/login', CREDENTIALS);
  assert.equal(login.status, 200);
  assert.equal(login.message, 'Login successful');

  const profile = await request('GET', '/profile');
  assert.equal(profile.status, 200);
  assert.equal(profile.id, registered.user.id);

  const before = jar.get('refreshToken');
  const refresh = await request('POST', '/auth/refresh');
  assert.equal(refresh.message, 'Token refreshed');
  assert.notEqual(jar.get('refreshToken'), before);
  assert.equal((await request('GET', '/profile')).status, 200);

  assert.equal((await request('POST', '/auth/logout')).status, 200);
  assert.deepEqual([...jar.keys()], []);
}

/**
 * @param {Map<string, string>} jar
 * @param {string} method
 * @param {string} url
 * @param {unknown} body
 */
async function send(jar, method, url, body) {
  /** @type {Record<string, string>} */
  const headers = { cookie: [...jar].map((pair) => pair.join('=')).join('; ') };
  if (body) headers['content-type'] = 'application/json';
  const response = await fetch(url, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  for (const cookie of response.headers.getSetCookie()) keep(jar, cookie);
  const { message, ...answer } = /** @type {any} */ (await response.json());
  // Failures are compared by their code, so the message is left out.
  return response.ok
    ? { status: response.status, message, ...answer }
    : { status: response.status, ...answer };
}

/** @param {Map<string, string>} jar @param {string} cookie */
function keep(jar, cookie) {
  const [, name = '', value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
  if (value) jar.set(name, value);
  else jar.delete(name);
}

module.exports = { runApp };
