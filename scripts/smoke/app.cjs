// One life of a user in an app that has the package from npm; the ESM and the CJS project both run it.
const assert = require('node:assert/strict');
const { once } = require('node:events');

const CREDENTIALS = { username: 'alice', password: 'a violet umbrella' };

/**
 * @param {object} modules
 * @param {any} modules.express
 * @param {any} modules.visa
 * @param {any} modules.testing
 */
async function runApp({ express, visa, testing }) {
  assert.equal(typeof testing.userStoreContract, 'function');
  assert.equal(typeof testing.refreshTokenStoreContract, 'function');

  const auth = visa.createAuth({
    users: new visa.MemoryUserStore(),
    refreshTokens: new visa.MemoryRefreshTokenStore(),
    accessToken: { secret: 'an access secret of at least 32 bytes', expiresIn: '30m' },
    refreshToken: { secret: 'a refresh secret of at least 32 bytes', expiresIn: '3h' },
  });
  const app = express();
  app.use('/auth', auth.router);
  app.get('/profile', auth.tokenVerify, (/** @type {any} */ req, /** @type {any} */ res) =>
    res.json(req.user),
  );
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await liveThrough(`http://127.0.0.1:${server.address().port}`);
  } finally {
    // The process ends by itself now, or its time limit reports what keeps it alive.
    server.closeAllConnections();
    server.close();
    await auth.close();
  }
}

/** @param {string} origin */
async function liveThrough(origin) {
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
  // A failure is told by its code.
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
