// Judges the tarball alone; `npm run test:matrix` does so too, and then uses it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packAndJudge } from './matrix/tarball.mjs';

const folder = mkdtempSync(join(tmpdir(), 'passport-visa-package-'));
try {
  packAndJudge(folder, false);
  console.log('check:package: the package is fine');
} catch (error) {
  console.error(`check:package: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
