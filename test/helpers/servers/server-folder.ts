import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guardFolder, releaseFolder } from './guard';

export interface ServerFolder {
  path: string;
  /** Removes the folder, unless it was given. */
  remove(): void;
}

/** The given folder, or a new one that is removed with its server. */
export function serverFolder(given: string | undefined): ServerFolder {
  if (given !== undefined) {
    mkdirSync(given, { recursive: true });
    return { path: given, remove: () => undefined };
  }
  const path = mkdtempSync(join(tmpdir(), 'passport-visa-'));
  guardFolder(path);
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true, maxRetries: 10 });
      releaseFolder(path);
    },
  };
}
