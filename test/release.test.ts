import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'passport-visa-release-'));
  mkdirSync(path.join(folder, 'scripts'));
  cpSync(
    path.join(__dirname, '../scripts/check-release.mjs'),
    path.join(folder, 'scripts/check-release.mjs'),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

function check(manifest: object) {
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  const script = path.join(folder, 'scripts/check-release.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  return { status, missing: [...stderr.matchAll(/set "(\w+)"/g)].map(([, name]) => name) };
}

test('a release needs the addresses of the homepage, the bugs and the repository', () => {
  const homepage = 'https://example.com';
  const bugs = { url: 'https://example.com/issues' };
  const repository = { type: 'git', url: 'git+https://example.com/it.git' };
  expect(check({})).toEqual({ status: 1, missing: ['homepage', 'bugs', 'repository'] });
  expect(check({ homepage, bugs: {}, repository: 'TODO' })).toEqual({
    status: 1,
    missing: ['bugs', 'repository'],
  });
  expect(check({ homepage, bugs, repository })).toEqual({ status: 0, missing: [] });
});
