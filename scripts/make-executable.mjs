// npm makes an installed package's programs executable. This one is also run from dist/, without an installation.
import { chmodSync } from 'node:fs';

chmodSync(new URL('../dist/cli/main.js', import.meta.url), 0o755);
