// Packs the tarball and checks it. `npm run test:matrix` does the same and then uses the tarball.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packAndCheck } from './matrix/tarball.mjs';

const folder = mkdtempSync(join(tmpdir(), 'passport-visa-package-'));
try {
  packAndCheck(folder, false);
  console.log('check:package: the package is fine');
} catch (error) {
  console.error(`check:package: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
