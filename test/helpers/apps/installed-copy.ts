import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.join(__dirname, '../../..');

export interface InstalledCopy {
  /** Its command. */
  readonly main: string;
  remove(): void;
}

/** The built package as an app has it that has not installed one of its optional peers. */
export function installedWithout(name: string): InstalledCopy {
  const folder = mkdtempSync(path.join(tmpdir(), 'passport-visa-copy-'));
  const modules = path.join(folder, 'node_modules');
  const installed = path.join(modules, 'passport-visa');
  mkdirSync(installed, { recursive: true });
  for (const each of ['dist', 'package.json'])
    cpSync(path.join(ROOT, each), path.join(installed, each), { recursive: true });
  for (const each of readdirSync(path.join(ROOT, 'node_modules')))
    if (each !== name) symlinkSync(path.join(ROOT, 'node_modules', each), path.join(modules, each));
  return {
    main: path.join(installed, 'dist/cli/main.js'),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
