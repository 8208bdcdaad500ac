import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

/**
 * Installs packages from npm into a project, which is created if missing.
 * @param {string} folder
 * @param {string[]} packages
 */
export async function install(folder, packages) {
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }), { flag: 'wx' });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
  }
  const args = ['install', '--silent', '--no-audit', '--no-fund', '--prefer-offline', ...packages];
  await run('npm', args, { cwd: folder });
}
