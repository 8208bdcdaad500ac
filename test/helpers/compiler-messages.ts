import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.join(__dirname, '../..');

/**
 * The compiler's messages about an app that uses the built package. Each start of the compiler takes seconds, and much longer
 * beside other tests.
 * @param files by their names, in one folder
 * @param options besides those of a strict app for Node
 */
export async function compilerMessages(files: Record<string, string>, options: object = {}): Promise<string> {
  const folder = mkdtempSync(path.join(root, 'test', '.docs-')); // inside, so 'passport-visa' is this package
  try {
    const strict = { module: 'nodenext', target: 'es2022', strict: true, noEmit: true, types: ['node'] };
    const compilerOptions = { ...strict, skipLibCheck: true, ...options };
    const config = { compilerOptions, files: Object.keys(files) };
    for (const [name, code] of Object.entries({ ...files, 'tsconfig.json': JSON.stringify(config) }))
      writeFileSync(path.join(folder, name), code);
    const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
    await promisify(execFile)(process.execPath, [compiler, '--project', folder]);
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
