import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { useDocPage } from '../helpers/snippets';

const ROOT = path.join(__dirname, '../..');
const page = useDocPage('docs/publish-a-store.md');
let folder: string;

/** The page's files in a folder of their own, with what npm would install. The package is dist/, as users get it. */
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'passport-visa-publish-'));
  for (const each of ['node_modules/.bin', 'src', 'test'])
    mkdirSync(path.join(folder, each), { recursive: true });
  symlinkSync(ROOT, path.join(folder, 'node_modules/passport-visa'));
  for (const name of ['@types', '.bin/tsc'])
    symlinkSync(path.join(ROOT, 'node_modules', name), path.join(folder, 'node_modules', name));
  const files = {
    manifest: 'package.json',
    tsconfig: 'tsconfig.json',
    store: 'src/index.ts',
    test: 'test/contract.test.js',
  };
  for (const [name, file] of Object.entries(files))
    writeFileSync(path.join(folder, file), page.snippet(name));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('the package compiles, keeps the contract, logs a user in, and answers an outage in time', async () => {
  const { stdout } = await promisify(execFile)('npm', ['test'], { cwd: folder }).catch((error: unknown) => {
    throw new Error((error as { stdout: string }).stdout);
  });
  expect(stdout).toMatch(/^# pass 2\d$/m);
  expect(stdout).toMatch(/^# fail 0$/m);
});

test('CI runs the oldest and the newest version of the range that the manifest names', () => {
  const script = `
    import { parseYaml } from '@redocly/openapi-core';
    import { readFileSync } from 'node:fs';
    process.stdout.write(JSON.stringify(parseYaml(readFileSync(0, 'utf8'))));`;
  const options = { cwd: ROOT, encoding: 'utf8', input: page.snippet('ci') } as const;
  const workflow = JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], options),
  ) as {
    jobs: { contract: { strategy: { matrix: { 'passport-visa': string[] } }; steps: { run?: string }[] } };
  };
  const { peerDependencies } = JSON.parse(page.snippet('manifest')) as {
    peerDependencies: Record<string, string>;
  };
  const range = peerDependencies['passport-visa'] ?? '';
  const { strategy, steps } = workflow.jobs.contract;
  expect(strategy.matrix['passport-visa']).toEqual([range.replace('^', ''), range]);
  expect(steps.map(({ run }) => run)).toContain('npm test');
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(version.split('.').slice(0, 2)).toEqual(range.replace('^', '').split('.').slice(0, 2));
});
