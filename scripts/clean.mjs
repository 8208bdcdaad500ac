// Empties dist/: old files there would end up in the package.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
// The package is CommonJS, but the client is for browsers, which only load ES modules.
mkdirSync(new URL('../dist/client', import.meta.url), { recursive: true });
writeFileSync(new URL('../dist/client/package.json', import.meta.url), '{ "type": "module" }\n');
