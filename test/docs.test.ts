import { transformSync } from '@swc/core';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { MemoryRefreshTokenStore, MemoryUserStore } from '../src';

describe('docs/stores.md: the contract suites run as it says', () => {
  const page = readFileSync(path.join(__dirname, '../docs/stores.md'), 'utf8');
  const snippet = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const { code } = transformSync(snippet, { module: { type: 'commonjs' } });
  const load = (id: string): unknown => {
    if (id === './my-stores.js') {
      return { MyUserStore: MemoryUserStore, MyRefreshTokenStore: MemoryRefreshTokenStore };
    }
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require(id === 'passport-visa/testing' ? '../src/testing' : id);
  };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  (new Function('require', 'exports', code) as (require: typeof load, exports: object) => void)(load, {});
});
