import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { isShipped } from './helpers/shipped';

const root = path.join(__dirname, '..');
const pagesIn = (folder: string, recursive: boolean): string[] =>
  readdirSync(path.join(root, folder), { recursive, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name));

test('the npm package has the README, all pages of docs/ but the generated docs/api, and no pages of other folders', () => {
  const pack = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const [packed] = JSON.parse(execFileSync('npm', pack, { cwd: root, encoding: 'utf8' })) as [
    { files: { path: string }[] },
  ];
  const shipped = packed.files.map((file) => file.path).filter((file) => file.endsWith('.md'));
  const docs = pagesIn('docs', true).filter((page) => !page.startsWith('docs/api/'));
  expect(docs.length).toBeGreaterThan(40);
  expect(shipped.sort()).toEqual([...pagesIn('.', false).filter(isShipped), ...docs].sort());
});
