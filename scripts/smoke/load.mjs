// Loads what app.mts imports, by import and by require.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const names = Array.from(
  readFileSync(new URL('app.mts', import.meta.url), 'utf8').matchAll(/^import .* from '(.+)';$/gm),
  ([, name = '']) => name,
);
/** @type {Record<string, any>} */
export const modules = {};
assert.ok(names.some((name) => name.startsWith('passport-visa')));
for (const name of names) {
  const imported = (modules[name] = await import(name));
  const required = require(name);
  if (!name.startsWith('passport-visa')) continue;
  for (const [key, value] of Object.entries(required)) assert.equal(imported[key], value);
}
