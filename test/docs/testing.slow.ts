import { once } from 'node:events';
import { MemoryRefreshTokenStore, MemoryUserStore } from '../../src';
import { useDocPage } from '../helpers/snippets';

const page = useDocPage('docs/testing.md');
const modules = {
  './app.mjs': page.evaluate('app'),
  './my-stores.js': { MyUserStore: MemoryUserStore, MyRefreshTokenStore: MemoryRefreshTokenStore },
  // Vitest's functions with these names take the same arguments.
  vitest: { afterAll, expect, test },
};

for (const name of ['jest', 'clock', 'vitest', 'contract']) {
  describe(name, () => {
    page.evaluate(name, modules);
  });
}

test('node:test: the snippet runs without an error', async () => {
  await once(page.run('app'), 'exit'); // writes the file that the test imports
  const [code] = (await once(page.run('node-test'), 'exit')) as [number | null];
  expect(code).toBe(0);
});
