import { once } from 'node:events';
import { useDocPage } from '../helpers/snippets';

const page = useDocPage('docs/server-code.md');

test('the snippet runs without an error, and its process ends', async () => {
  const [code] = (await once(page.run('server-code'), 'exit')) as [number | null];
  expect(code).toBe(0);
});
