import { once } from 'node:events';
import { MemoryRefreshTokenStore, MemoryUserStore } from '../../src';
import { useDocPage } from '../helpers/snippets';

const page = useDocPage('docs/testing.md');
const modules = {
  './app.mjs': page.evaluate('app'),
  './my-stores.js': { MyUserStore: MemoryUserStore, MyRefreshTokenStore: MemoryRefreshTokenStore },
  // Its functions of these names take the same arguments.
  vitest: { afterAll, expect, test },
};

for (const name of ['jest', 'clock', 'vitest', 'contract']) {
  describe(name, () => {
    page.evaluate(name, modules);
  });
}

test('node:test: runs to its end', async () => {
  await once(page.run('app'), 'exit'); // which leaves it where the test imports it from
  const [code] = (await once(page.run('node-test'), 'exit')) as [number | null];
  expect(code).toBe(0);
});
