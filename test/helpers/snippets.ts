import { transformSync } from '@swc/core';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ACCESS_SECRET, REFRESH_SECRET } from './app';
import { createDatabase, type TestDatabase } from './backends';
import { CookieJar } from './cookie-jar';
import { eventually } from './eventually';
import { freePort } from './free-port';

const root = path.join(__dirname, '../..');

/** A browser of sorts: `fetch` with a path of the app, that keeps cookies. */
export type Browse = (path: string, init?: RequestInit) => Promise<Response>;

/** A snippet that listens; `child.stdout` has what it prints. */
export type Running = Browse & { readonly address: string; readonly child: ChildProcess };

/** A page of the documentation, whose snippets are marked `<!-- run: name -->`. */
export interface DocPage {
  readonly database: TestDatabase;
  /** The code of what has no mark, but for diagrams. */
  readonly unmarked: string[];
  /** The code of a snippet. */
  snippet(name: string): string;
  /** Runs a snippet in this Jest, with the package standing for its own sources. @returns what it exports */
  evaluate(name: string, modules?: Record<string, unknown>): Record<string, unknown>;
  /** A file beside the snippets, for what they import by its path. */
  write(name: string, code: string): void;
  /** Runs a snippet as a module of its own, in a process that ends with the tests. */
  run(name: string, env?: Record<string, string>): ChildProcess;
  /** Runs a snippet that listens on PORT. */
  start(name: string, env?: Record<string, string>): Promise<Running>;
}

/**
 * Reads a page for the tests of a file, gives its snippets a database, and sees at the end that none of them was left out.
 * @param file from the root of the repository: `'README.md'`
 * @param names those that this file of tests runs; others run the rest. Default: all
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
    folder = mkdtempSync(path.join(root, 'test', '.docs-')); // inside, so that 'passport-visa' is this package
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
  const run = (name: string, env: Record<string, string> = {}): ChildProcess => {
    const module = path.join(folder, `${name}.mjs`);
    writeFileSync(module, snippet(name));
    const settings = {
      DATABASE_URL: database.url,
      REDIS_URL: process.env['TEST_REDIS_URL'],
      ACCESS_TOKEN_SECRET: ACCESS_SECRET,
      REFRESH_TOKEN_SECRET: REFRESH_SECRET,
    };
    const child = spawn(process.execPath, [module], {
      env: { ...process.env, ...settings, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.resume(); // or a full pipe would stop it
    children.push(child);
    return child;
  };

  return {
    get database() {
      return database;
    },
    unmarked,
    snippet,
    evaluate: (name, modules) => evaluate(snippet(name), modules),
    write: (name, code) => writeFileSync(path.join(folder, name), code),
    run,
    async start(name, env = {}) {
      const port = env['PORT'] ?? String(await freePort());
      const child = run(name, { ...env, PORT: port });
      const address = `http://127.0.0.1:${port}`;
      await eventually(`${name} listens`, async () => (await fetch(address)).status > 0);
      return Object.assign(browserOf(address), { address, child });
    },
  };
}

/** What a snippet imports comes from this Jest, so that it may use `test` and fake timers. */
function evaluate(source: string, modules: Record<string, unknown> = {}): Record<string, unknown> {
  const { code } = transformSync(source, { module: { type: 'commonjs' } });
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
