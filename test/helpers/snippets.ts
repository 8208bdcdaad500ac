import { transformSync } from '@swc/core';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ACCESS_SECRET, REFRESH_SECRET } from './apps/app';
import { createDatabase, type TestDatabase } from './apps/backends';
import { CookieJar } from './browsers/cookie-jar';
import { PATIENT_PROCESS } from './call-times';
import { eventually } from './eventually';
import { freePort } from './servers/free-port';

const root = path.join(__dirname, '../..');

/** `fetch` for a path of the app. It keeps cookies, like a browser. */
export type Browse = (path: string, init?: RequestInit) => Promise<Response>;

/** A running snippet that listens. Its output is in `child.stdout`. */
export type Running = Browse & { readonly address: string; readonly child: ChildProcess };

/** A page of the documentation, whose snippets are marked `<!-- run: name -->`. */
export interface DocPage {
  readonly database: TestDatabase;
  /** The code of all snippets without a mark, except diagrams. */
  readonly unmarked: string[];
  /** The code of a snippet. */
  snippet(name: string): string;
  /** Runs a snippet in this Jest. It imports the package from our sources. @returns what the snippet exports */
  evaluate(
    name: string,
    modules?: Record<string, unknown>,
    options?: Pick<RunOptions, 'edit'>,
  ): Record<string, unknown>;
  /** Lets snippets import the libraries of test/libs/. For slow tests, which install them. */
  linkLibraries(): void;
  /** Writes a file next to the snippets, for their relative imports. @returns its path */
  write(name: string, code: string): string;
  /** Runs a snippet as a module, in a process that ends with the tests. Several names: one module with all of them, in this order. */
  run(names: Names, env?: Record<string, string>, options?: RunOptions): ChildProcess;
  /** Runs a snippet that listens on PORT. */
  start(names: Names, env?: Record<string, string>, options?: RunOptions): Promise<Running>;
}

interface RunOptions {
  stderr?: 'inherit' | 'pipe';
  /** Another Node than the one that runs the tests. */
  node?: string;
  /** What a reader changes in the snippet. */
  edit?: (code: string) => string;
}

type Names = string | readonly string[];

/** What `…` stands for in `createAuth({ … })`. A reader knows it from Getting started. */
const COMMON_OPTIONS = `
  users: new passportVisa.MemoryUserStore(),
  refreshTokens: new passportVisa.MemoryRefreshTokenStore(),
  accessToken: { secret: process.env.ACCESS_TOKEN_SECRET },
  refreshToken: { secret: process.env.REFRESH_TOKEN_SECRET },
`;

/** Fills in what a snippet leaves out as `…`. Options that the snippet names win. */
const filledIn = (code: string): string =>
  code.replace(
    /^([\s\S]*createAuth\(\{)([^…}]*)…,?/,
    `import * as passportVisa from 'passport-visa';\n$1${COMMON_OPTIONS}$2`,
  );

/**
 * Reads a page for the tests of a file, gives its snippets a database, and checks at the end that none of them was left out.
 * @param file relative to the root of the repository: `'README.md'`
 * @param names the snippets that this test file runs, if other test files run the rest. Default: all
 */
export function useDocPage(file: string, ...names: string[]): DocPage {
  const text = readFileSync(path.join(root, file), 'utf8');
  const snippets = new Map(
    Array.from(text.matchAll(/<!-- run: (\S+) -->\s+```\w+\n([\s\S]*?)```/g), ([, name = '', code = '']) => [
      name,
      code,
    ]),
  );
  const unmarked = Array.from(text.matchAll(/(<!-- run: \S+ -->\s+)?^ *```(\w+)\n([\s\S]*?)```/gm))
    .filter(([, mark, language]) => mark === undefined && language !== 'mermaid')
    .map(([, , , code = '']) => code.trim());
  const used = new Set<string>();
  const children: ChildProcess[] = [];
  let folder: string;
  let database: TestDatabase;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(root, 'test', '.docs-')); // inside this package, which is then found as 'passport-visa'
    database = await createDatabase();
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
    await database.close();
    expect([...used].sort()).toEqual((names.length > 0 ? names : [...snippets.keys()]).sort());
  });

  const snippet = (name: string): string => {
    const code = snippets.get(name);
    if (code === undefined) throw new Error(`${file} has no snippet marked "run: ${name}"`);
    used.add(name);
    return code;
  };
  const run: DocPage['run'] = (names, env = {}, options = {}) => {
    const { stderr = 'inherit', node = process.execPath, edit = (code: string) => code } = options;
    const parts = [names].flat();
    const module = path.join(folder, `${parts.join('-')}.mjs`);
    writeFileSync(module, edit(filledIn(parts.map(snippet).join('\n'))));
    const settings = {
      DATABASE_URL: database.url,
      REDIS_URL: process.env['TEST_REDIS_URL'],
      ACCESS_TOKEN_SECRET: ACCESS_SECRET,
      REFRESH_TOKEN_SECRET: REFRESH_SECRET,
    };
    const child = spawn(node, [...PATIENT_PROCESS.args, module], {
      env: { ...process.env, ...PATIENT_PROCESS.env, ...settings, ...env },
      stdio: ['ignore', 'pipe', stderr],
    });
    child.stdout?.resume(); // a full pipe would block it
    children.push(child);
    return child;
  };

  return {
    get database() {
      return database;
    },
    unmarked,
    snippet,
    evaluate: (name, modules, { edit = (code: string) => code } = {}) =>
      evaluate(edit(filledIn(snippet(name))), modules),
    linkLibraries: () =>
      symlinkSync(path.join(root, 'test/libs/node_modules'), path.join(folder, 'node_modules')),
    write(name, code) {
      const file = path.join(folder, name);
      writeFileSync(file, code);
      return file;
    },
    run,
    async start(names, env = {}, options = {}) {
      const port = env['PORT'] ?? String(await freePort());
      const child = run(names, { ...env, PORT: port }, options);
      const address = `http://127.0.0.1:${port}`;
      await eventually(`${String(names)} listens`, async () => (await fetch(address)).status > 0);
      return Object.assign(browserOf(address), { address, child });
    },
  };
}

/** A snippet's imports are loaded by this Jest. It can therefore use `test` and fake timers. */
function evaluate(source: string, modules: Record<string, unknown> = {}): Record<string, unknown> {
  const { code } = transformSync(source, {
    module: { type: 'commonjs' },
    jsc: {
      target: 'es2023',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true },
    },
  });
  const exports: Record<string, unknown> = {};
  const load = (id: string): unknown => {
    if (id in modules) return modules[id];
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require(id.replace(/^passport-visa(?=\/|$)/, path.join(root, 'src')));
  };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  (new Function('require', 'exports', code) as (r: typeof load, e: typeof exports) => void)(load, exports);
  return exports;
}

function browserOf(address: string): Browse {
  const jar = new CookieJar();
  return async (where, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('cookie', String(jar));
    if (typeof init.body === 'string' && !headers.has('content-type'))
      headers.set('content-type', 'application/json');
    const response = await fetch(new URL(where, address), { ...init, headers });
    jar.keep(response);
    return response;
  };
}
