// Lets scripts start the tests' servers. That code is TypeScript, which Node 20 can't load.
const { transformFileSync } = require('@swc/core');
const { Module } = require('node:module');

const OPTIONS = {
  module: { type: /** @type {const} */ ('commonjs') },
  jsc: {
    target: /** @type {const} */ ('es2023'),
    parser: { syntax: /** @type {const} */ ('typescript') },
  },
};

/** @type {any} */ (Module)._extensions['.ts'] = (/** @type {any} */ module, /** @type {string} */ file) =>
  module._compile(transformFileSync(file, OPTIONS).code, file);

const { startPostgres, startRedis } = require('../../test/helpers/servers/servers');

/** The servers also end when this process is killed. */
async function startServers() {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  return {
    env: { REDIS_URL: redis.url, DATABASE_URL: postgres.url },
    stop: async () => void (await Promise.all([redis.stop(), postgres.stop()])),
  };
}

module.exports = { startServers };
