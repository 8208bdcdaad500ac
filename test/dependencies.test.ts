import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.join(__dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

interface LockedPackage {
  version: string;
  integrity?: string;
  license?: string;
  dependencies?: object;
  dev?: true;
  devOptional?: true;
  peer?: true;
  hasInstallScript?: true;
}

const manifest = JSON.parse(read('package.json')) as Record<'dependencies' | 'peerDependencies', object>;
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> };
const { '': _project, ...locked } = packages;
/** Optional peers that only the slow tests need. */
const inLibs = (JSON.parse(read('test/libs/package-lock.json')) as { packages: typeof packages }).packages;
const nameOf = (location: string) => location.slice(location.lastIndexOf('node_modules/') + 13);
/** What `npm install passport-visa` installs, by location: a package may be there in two versions. */
const shipped = Object.entries(locked).filter(([, each]) => !each.dev && !each.devOptional && !each.peer);

const page = read('docs/dependencies.md');
const section = (title: string) => page.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
const rowsOf = (title: string) =>
  Array.from(section(title).matchAll(/^\| `(\S+)` .*$/gm), ([row, name = '']) => ({
    name,
    cells: row.split('|').slice(2, -1).map((cell) => cell.trim()), // prettier-ignore
  }));

test.each([
  ['At run time', 'dependencies'],
  ['What your app brings', 'peerDependencies'],
] as const)('%s: the page has a row for each of the %s and no others', (title, kind) => {
  expect(rowsOf(title).map(({ name }) => name).sort()).toEqual(Object.keys(manifest[kind]).sort()); // prettier-ignore
});

test.each([...rowsOf('At run time'), ...rowsOf('What your app brings')])(
  'the row of $name gives the reason, the alternatives, the pinned release with its date, the licence and the dependencies',
  ({ name, cells }) => {
    const {
      version,
      license,
      dependencies = {},
    } = (locked[`node_modules/${name}`] ?? inLibs[`node_modules/${name}`]) as LockedPackage;
    const [why = '', considered = '', release = '', licence, own] = cells;
    expect([why, considered]).toEqual([expect.stringMatching(/./), expect.stringMatching(/./)]);
    expect(release).toMatch(/^\S+, 20\d\d-\d\d-\d\d$/);
    expect(release.split(',')[0]).toBe(version);
    expect([licence, own]).toEqual([license ?? 'MIT', String(Object.keys(dependencies).length)]);
  },
);

test('the page names every transitive dependency and nothing else', () => {
  const named = Array.from(section('What they bring').matchAll(/`([^`]+)`/g), ([, name = '']) => name);
  const direct = new Set(Object.keys(manifest.dependencies));
  const transitive = shipped
    .map(([location]) => nameOf(location).replace(/^(@napi-rs\/nice)-.*/, '$1-*'))
    .filter((name) => !direct.has(name));
  const mentioned = new Set(named.filter((name) => !direct.has(name)));
  expect([...mentioned].sort()).toEqual([...new Set(transitive)].sort());
});

test('the lockfile pins every package by its hash', () => {
  const loose = Object.entries(locked).filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-'));
  expect(Object.keys(locked).length).toBeGreaterThan(shipped.length);
  expect(loose.map(([location]) => location)).toEqual([]);
});

test('no installed package has an install script', () => {
  expect(shipped.filter(([, each]) => each.hasInstallScript).map(([location]) => location)).toEqual([]);
});

test('the bill of materials names every installed package, with version and hash', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sbom-'));
  const file = path.join(folder, 'sbom.json');
  execFileSync(process.execPath, ['scripts/sbom.mjs', file], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { bomFormat, metadata, components } = JSON.parse(readFileSync(file, 'utf8')) as {
    bomFormat: string;
    metadata: { component: { name: string } };
    components: { name: string; version: string; hashes: object[] }[];
  };
  rmSync(folder, { recursive: true });
  expect([bomFormat, metadata.component.name]).toEqual(['CycloneDX', 'passport-visa']);
  const listed = components.map(({ name, version }) => `${name}@${version}`);
  expect(listed.sort()).toEqual(
    shipped.map(([location, { version }]) => `${nameOf(location)}@${version}`).sort(),
  );
  for (const { hashes } of components) expect(hashes).toHaveLength(1);
});
