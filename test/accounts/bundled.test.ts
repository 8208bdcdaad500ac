import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '../..');

test('createAuth says at once that a bundler must leave the package out, not the first password', () => {
  // Inside this package, whose dependencies are found from there, but under another package.json, as a bundle is.
  const folder = mkdtempSync(path.join(root, 'test', '.bundle-'));
  try {
    cpSync(path.join(root, 'dist'), path.join(folder, 'dist'), { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), '{ "name": "an-app", "type": "commonjs" }');
    writeFileSync(
      path.join(folder, 'app.js'),
      `const { createAuth, MemoryUserStore, MemoryRefreshTokenStore } = require('./dist/index.js');
      const secret = (name) => name + ' secret of more than 32 characters';
      try {
        createAuth({
          users: new MemoryUserStore(),
          refreshTokens: new MemoryRefreshTokenStore(),
          accessToken: { secret: secret('access') },
          refreshToken: { secret: secret('refresh') },
        });
      } catch (error) {
        console.log(error.message);
      }`,
    );
    const printed = execFileSync(process.execPath, [path.join(folder, 'app.js')], { encoding: 'utf8' });
    expect(printed).toMatch(/a bundler must leave passport-visa out of the bundle \(esbuild: external/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
