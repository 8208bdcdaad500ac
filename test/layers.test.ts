import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KNOW_EXPRESS, MAY_IMPORT, ROOTS } from '../scripts/layers.cjs';

const ROOT = path.join(__dirname, '..');
const folders = Object.keys(MAY_IMPORT);

describe('the table of layers', () => {
  test.each(Object.entries(MAY_IMPORT) as [string, string[]][])(
    '%s comes after all that it may import',
    (folder, allowed) => {
      const before = folders.slice(0, folders.indexOf(folder));
      expect(allowed.filter((each) => !before.includes(each))).toEqual([]);
    },
  );

  test('is the map in CONTRIBUTING.md', () => {
    const page = readFileSync(path.join(ROOT, 'CONTRIBUTING.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `([\w-]+)` +\|[^|]+\| ([^|]+?) +\|$/gm)];
    const map = rows.map(([, folder = '', allowed = '']) => [
      folder,
      allowed === 'nothing' ? [] : allowed.split(', '),
    ]);
    expect(map).toEqual(Object.entries(MAY_IMPORT));
  });

  test('names only folders that it has a line for', () => {
    expect(KNOW_EXPRESS.filter((each) => !folders.includes(each))).toEqual([]);
    expect(Object.keys(ROOTS).filter((each) => folders.includes(each))).toEqual([]);
  });
});

describe('npm run lint refuses', () => {
  /** What each row seeds: the rule that is broken, the file that breaks it, and its content. */
  const SEEDS: [string, string, string, string][] = [
    [
      'an import upwards',
      'utils-imports-downwards',
      'src/utils/up.ts',
      "import { limit } from '../limits/limit.js'; void limit;",
    ],
    [
      'an import upwards of a type',
      'utils-imports-downwards',
      'src/utils/up-type.ts',
      "import type { Failure } from '../errors.js'; export type Up = Failure;",
    ],
    ['an import of a root', 'limits-imports-downwards', 'src/limits/root.ts', "import '../index.js';"],
    [
      'Express in a folder that must do without it',
      'limits-knows-no-express',
      'src/limits/http.ts',
      "import type { Request } from 'express'; export type R = Request;",
    ],
    [
      'a root that imports another one',
      'create-auth-is-a-root',
      'src/create-auth.ts',
      "import './cli/main.js';",
    ],
    [
      'an interface of stores that imports a backend',
      'one-backend-knows-no-other',
      'src/stores/store.ts',
      "export * from './redis/a.js';",
    ],
    [
      'a backend that imports another one',
      'one-backend-knows-no-other',
      'src/stores/memory/b.ts',
      "export * from '../redis/a.js';",
    ],
    [
      'a feature that imports another one',
      'one-feature-knows-no-other',
      'src/features/two/b.ts',
      "export * from '../one/a.js';",
    ],
    ['an import of a test', 'stays-inside-src', 'src/utils/b.ts', "export * from '../../test/helper.js';"],
    ['a folder without a line', 'every-folder-has-a-row', 'src/helpers/any.ts', "import '../utils/text.js';"],
    [
      'a circle of types inside a folder',
      'no-circles',
      'src/utils/circle-a.ts',
      "import type { B } from './circle-b.js'; export type A = B;",
    ],
  ];
  const SOUND = {
    'src/errors.ts': 'export interface Failure { status: number }',
    'src/index.ts': 'export {};',
    'src/cli/main.ts': 'export {};',
    'src/utils/text.ts': 'export const text = 1;',
    'src/utils/circle-b.ts': "import type { A } from './circle-a.js'; export type B = A | 1;",
    'src/limits/limit.ts': "import { text } from '../utils/text.js'; export const limit = text;",
    'src/stores/redis/a.ts': 'export const a = 1;',
    'src/features/one/a.ts': 'export const a = 1;',
    'test/helper.ts': 'export const a = 1;',
    'tsconfig.json': JSON.stringify({ compilerOptions: { module: 'nodenext' }, include: ['src'] }),
    'node_modules/express/package.json': '{ "name": "express", "main": "index.js" }',
    'node_modules/express/index.js': '',
  };
  let project: string;
  /** The rules that each file breaks. */
  let broken: Map<string, string[]>;

  beforeAll(() => {
    project = mkdtempSync(path.join(tmpdir(), 'layers-'));
    for (const file of ['scripts/layers.cjs', '.dependency-cruiser.cjs'])
      cpSync(path.join(ROOT, file), path.join(project, file));
    for (const [file, content] of Object.entries(SOUND)) write(file, content);
    for (const [, , file, content] of SEEDS) write(file, content);
    broken = brokenRules();
  });
  afterAll(() => rmSync(project, { recursive: true }));

  function write(file: string, content: string): void {
    mkdirSync(path.dirname(path.join(project, file)), { recursive: true });
    writeFileSync(path.join(project, file), content);
  }

  function brokenRules(): Map<string, string[]> {
    const command = path.join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const args = ['src', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
    const text = execFileSync(process.execPath, [command, ...args], { cwd: project, encoding: 'utf8' });
    const { summary } = JSON.parse(text) as {
      summary: { violations: { from: string; rule: { name: string } }[] };
    };
    const rules = new Map<string, string[]>();
    for (const { from, rule } of summary.violations)
      rules.set(from, [...new Set([...(rules.get(from) ?? []), rule.name])]);
    return rules;
  }

  test('no file that keeps to the table', () => {
    const sound = Object.keys(SOUND).filter((file) => file !== 'src/utils/circle-b.ts');
    expect(sound.filter((file) => broken.has(file))).toEqual([]);
  });

  test.each(SEEDS)('%s', (_what, rule, file) => {
    expect(broken.get(file)).toEqual([rule]);
  });
});
