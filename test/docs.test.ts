import { transformSync } from '@swc/core';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { MemoryRefreshTokenStore, MemoryUserStore } from '../src';

describe('docs/stores.md: the contract suites run as it says', () => {
  const page = readFileSync(path.join(__dirname, '../docs/stores.md'), 'utf8');
  const snippets = Array.from(page.matchAll(/```js\n([\s\S]*?)```/g), ([, snippet = '']) => snippet);
  const { code } = transformSync(snippets.join(''), { module: { type: 'commonjs' } });
  const sessions = new MemoryRefreshTokenStore();
  const MyRefreshTokenStore = function () {
    return sessions; // so that all of them share their sessions
  };
  const load = (id: string): unknown => {
    if (id === './my-stores.js') return { MyUserStore: MemoryUserStore, MyRefreshTokenStore };
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require(id === 'passport-visa/testing' ? '../src/testing' : id);
  };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  (new Function('require', 'exports', code) as (require: typeof load, exports: object) => void)(load, {});
});
