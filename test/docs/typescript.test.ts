import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { useDocPage } from '../helpers/snippets';

const page = useDocPage('docs/typescript.md');
/** A compiler that starts anew takes seconds, and much longer beside other tests. */
jest.setTimeout(120_000);

const root = path.join(__dirname, '../..');

/** What the compiler has to say about an app of one file, against the built package. */
async function complaints(code: string, skipLibCheck = true): Promise<string> {
  const folder = mkdtempSync(path.join(root, 'test', '.docs-')); // inside, so that 'passport-visa' is this package
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

test.each(['user', 'further', 'own'])('%s: compiles', async (name) => {
  expect(await complaints(page.snippet(name))).toBe('');
});

test('without its registration an Express.User of the app contradicts ours', async () => {
  const unregistered = page.snippet('own').replace(/declare module[\s\S]*?\n}\n/, '');
  expect(await complaints(unregistered, false)).toContain("Interface 'User' incorrectly extends interface");
});
