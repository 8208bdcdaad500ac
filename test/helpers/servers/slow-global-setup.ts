import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import globalSetup from './global-setup';

/** Also installs the libraries of test/libs/ where they are missing. */
export default async function slowGlobalSetup(): Promise<void> {
  execFileSync(process.execPath, [join(__dirname, '../../../scripts/libs.mjs')], { stdio: 'inherit' });
  await globalSetup();
}
