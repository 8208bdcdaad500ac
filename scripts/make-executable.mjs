// npm makes the programs of packages that it installs executable; this one is also run from here.
import { chmodSync } from 'node:fs';

chmodSync(new URL('../dist/cli/main.js', import.meta.url), 0o755);
