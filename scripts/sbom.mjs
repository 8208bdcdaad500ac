// Writes the software bill of materials (CycloneDX) of everything that an `npm install` of this package installs:
// node scripts/sbom.mjs [file]
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * @typedef {{ 'bom-ref': string, name: string }} Component
 * @typedef {{ ref: string, dependsOn: string[] }} Dependency
 * @typedef {{ metadata: { component: Component }, components: Component[], dependencies: Dependency[] }} Bom
 */

const file = process.argv[2] ?? 'sbom.cdx.json';
const { name, dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));

// From the lockfile: npm's --omit=dev also drops packages that a development dependency shares, such as ms.
const shipped = new Set(
  Object.entries(packages)
    .filter(([path, { dev, devOptional, peer }]) => path !== '' && !dev && !devOptional && !peer)
    .map(([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`),
);

const command = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=library', '--package-lock-only'];
/** @type {Bom} */
const sbom = JSON.parse(execFileSync('npm', command, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }));
const root = sbom.metadata.component['bom-ref'];
sbom.metadata.component.name = name; // npm puts the name of the folder there
sbom.components = sbom.components.filter((component) => shipped.delete(component['bom-ref']));
if (shipped.size > 0) throw new Error(`npm sbom left out ${[...shipped].join(', ')}`);

// The package's own development dependencies are not shipped.
const direct = new Set(
  Object.keys(dependencies).map((each) => `${each}@${packages[`node_modules/${each}`].version}`),
);
const refs = new Set([root, ...sbom.components.map((component) => component['bom-ref'])]);
/** @param {string} ref @param {string} each */
const isShipped = (ref, each) => (ref === root ? direct : refs).has(each);
sbom.dependencies = sbom.dependencies
  .filter(({ ref }) => refs.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => isShipped(ref, each)) }));

writeFileSync(file, `${JSON.stringify(sbom, null, 2)}\n`);
console.log(`sbom: ${file} names ${sbom.components.length} packages`);
