import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { useDocPage } from '../helpers/snippets';

const page = useDocPage('docs/typescript.md');
/** Each start of the compiler takes seconds, and much longer beside other tests. */
jest.setTimeout(120_000);

const root = path.join(__dirname, '../..');

/** The compiler's messages about an app of one file that uses the built package. */
async function compilerMessages(code: string, skipLibCheck = true): Promise<string> {
  const folder = mkdtempSync(path.join(root, 'test', '.docs-')); // inside, so 'passport-visa' is this package
  try {
    writeFileSync(path.join(folder, 'app.mts'), code);
    const options = { module: 'nodenext', target: 'es2022', strict: true, noEmit: true, types: ['node'] };
    const compilerOptions = { ...options, skipLibCheck };
    const config = { compilerOptions, files: ['app.mts'] };
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
    const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
    await promisify(execFile)(process.execPath, [compiler, '--project', folder]);
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each(['user', 'further', 'claims', 'own'])('%s: compiles', async (name) => {
  expect(await compilerMessages(page.snippet(name))).toBe('');
});

test('an Express.User of the app contradicts ours unless it is registered', async () => {
  const unregistered = page.snippet('own').replace(/declare module[\s\S]*?\n}\n/, '');
  expect(await compilerMessages(unregistered, false)).toContain(
    "Interface 'User' incorrectly extends interface",
  );
});
