// Run before a release: npm shows these addresses, and resolves README's relative links by the repository.
import { readFileSync } from 'node:fs';

/** @type {{ homepage?: string, bugs?: string | { url?: string }, repository?: string | { url?: string } }} */
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const { homepage, bugs, repository } = manifest;
const addresses = {
  homepage,
  bugs: typeof bugs === 'string' ? bugs : bugs?.url,
  repository: typeof repository === 'string' ? repository : repository?.url,
};
for (const [name, address] of Object.entries(addresses)) {
  if (/^(git\+)?https:\/\/\S+$/.test(address ?? '')) continue;
  console.error(`check:release: set "${name}" in package.json to an https:// address`);
  process.exitCode = 1;
}
