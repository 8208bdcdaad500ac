import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { MemoryRefreshTokenStore, MemoryUserStore } from '../src';
import { useDocPage } from './helpers/snippets';

const root = path.join(__dirname, '..');

/** The files below a folder, from the root of the repository. */
const filesIn = (folder: string, ending: string): string[] =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending) && !file.includes('node_modules'))
    .map((file) => path.join(folder, file));

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/** Types without comments, `export` and line breaks. */
const bare = (types: string): string =>
  types
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*|\bexport /g, '')
    .replace(/\s+/g, ' ')
    .trim();

describe('docs/stores.md: the contract suites run as the page says', () => {
  const page = useDocPage('docs/stores.md');
  const sessions = new MemoryRefreshTokenStore();
  const MyRefreshTokenStore = function () {
    return sessions; // all stores of the page share their sessions
  };
  const modules = { './my-stores.js': { MyUserStore: MemoryUserStore, MyRefreshTokenStore } };
  page.evaluate('contract', modules);
  page.evaluate('own-users', modules);
  page.evaluate('revocations', modules);
  page.evaluate('credentials', modules);
  page.evaluate('one-time-tokens', modules);

  test.each([
    'user-store',
    'identity-store',
    'refresh-token-store',
    'revocation-feed',
    'attempt-counter',
    'one-time-token-store',
    'credential-store',
  ])('shows the types of %s as they are', (name) => {
    const source = bare(read(`src/stores/${name}.ts`));
    const types = page.snippet(name).split(/^(?=interface |type )/m);
    expect(types.map(bare).filter((type) => !source.includes(type))).toEqual([]);
  });
});

test('every marked snippet has a test that runs it', () => {
  const tests = [...filesIn('test', '.test.ts'), ...filesIn('test', '.slow.ts')].map(read).join('');
  const untested = filesIn('docs', '.md').flatMap((file) => {
    const calls = Array.from(
      tests.matchAll(/useDocPage\(\s*([^)]*)\)/g),
      ([, parameters = '']) => parameters,
    );
    const ofPage = calls.filter((parameters) => parameters.startsWith(`'${file}'`));
    const marked = Array.from(read(file).matchAll(/<!-- run: (\S+) -->/g), ([, name = '']) => `'${name}'`);
    if (ofPage.includes(`'${file}'`)) return []; // a call without names runs all snippets
    return marked.filter((name) => !ofPage.some((parameters) => parameters.includes(name)));
  });
  expect(untested).toEqual([]);
});

test('every snippet that could run is marked', () => {
  const unmarked = filesIn('docs', '.md').flatMap((file) =>
    Array.from(read(file).matchAll(/(<!-- run: \S+ -->\s+)?^ *```(js|ts|sql|html)\n.*/gm))
      .filter(([, mark]) => mark === undefined)
      .map(([block]) => `${file}: ${block}`),
  );
  expect(unmarked).toEqual([]);
});
