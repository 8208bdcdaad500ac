import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Manifest {
  version: string;
  engines: { node: string };
}

/** The package.json of passport-visa itself. */
export function packageManifest(): Manifest {
  return JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as Manifest;
}
