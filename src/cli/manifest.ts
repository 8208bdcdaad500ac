import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Manifest {
  version: string;
  engines: { node: string };
}

export function packageManifest(): Manifest {
  return JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as Manifest;
}
