import { compilerMessages } from '../helpers/compiler-messages';
import { useDocPage } from '../helpers/snippets';

const page = useDocPage('docs/typescript.md');

test.each(['user', 'further', 'claims', 'own'])('%s: compiles', async (name) => {
  expect(await compilerMessages({ 'app.mts': page.snippet(name) })).toBe('');
});

test('an Express.User of the app contradicts ours unless it is registered', async () => {
  const unregistered = page.snippet('own').replace(/declare module[\s\S]*?\n}\n/, '');
  expect(await compilerMessages({ 'app.mts': unregistered }, { skipLibCheck: false })).toContain(
    "Interface 'User' incorrectly extends interface",
  );
});
