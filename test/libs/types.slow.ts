import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

test('the stores take the clients of the real libraries as they are, in strict TypeScript', () => {
  const compiler = join(__dirname, '../../node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [compiler, '-p', __dirname], { encoding: 'utf8' });
  expect(stdout).toBe('');
});
