// An app that has none of the libraries which the package works with: all entries load, and what needs a library names it. Arguments: the
// names of these libraries.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
const libraries = process.argv.slice(2);
for (const library of libraries)
  assert.throws(() => require.resolve(library), { code: 'MODULE_NOT_FOUND' }, `${library} is installed`);

const manifest = require.resolve('passport-visa/package.json');
const { bin, exports } = JSON.parse(readFileSync(manifest, 'utf8'));
for (const [subpath, target] of Object.entries(exports)) {
  if (subpath === './package.json') continue;
  const entry = `passport-visa${subpath.slice(1)}`;
  assert.ok(Object.keys(await import(entry)).length > 0, entry);
  if (target.require) require(entry); // the client is for browsers
}

const { passkeys } = require('passport-visa/passkeys');
const options = { rpId: 'localhost', rpName: 'App', origins: 'http://localhost' };
assert.throws(() => passkeys(options), /needs the package @simplewebauthn\/server: npm install/);

const cli = path.join(path.dirname(manifest), bin['passport-visa']);
for (const { args, settings, library } of [
  { args: ['migrate'], settings: { DATABASE_URL: 'postgres://localhost' }, library: 'pg' },
  {
    args: ['doctor', '--only', 'sessions'],
    settings: { REDIS_URL: 'redis://localhost' },
    library: 'ioredis',
  },
]) {
  const env = { ...process.env, DATABASE_URL: '', REDIS_URL: '', ...settings };
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { env, encoding: 'utf8' });
  const output = stdout + stderr;
  assert.ok(status !== 0 && output.includes(`npm install passport-visa ${library}`), output);
}
