import { spawnSync } from 'node:child_process';
import path from 'node:path';

test('docs/reference/ says what the doc comments and the endpoints say', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/reference.mjs', '--check'], {
    cwd: path.join(__dirname, '../..'),
    encoding: 'utf8',
  });
  // An outdated page is named here, with the command that writes it.
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
