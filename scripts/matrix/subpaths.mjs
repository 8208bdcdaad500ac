// Each optional entry of the package, in an app that has its library and no other: it loads, and what its page shows compiles. Nothing
// is installed: the libraries are those of test/libs/ and of this repository.
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const { peerDependenciesMeta } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

/** @typedef {{ page: string, snippet: string, libraries: string[], isLoaded?: boolean, edit?: (code: string) => string }} App */

/**
 * The page, its snippet, and the packages that it tells readers to install. `isLoaded`: the package loads the library itself, so it has to
 * lie beside it.
 * @type {Record<string, App>}
 */
const APPS = {
  prisma: {
    page: 'prisma',
    snippet: 'store',
    libraries: ['@prisma/client', '@prisma/adapter-pg', '@clients'],
    edit: (code) => code.replace('./generated/client.js', '@clients/postgres'),
  },
  drizzle: { page: 'drizzle', snippet: 'store', libraries: ['drizzle-orm', 'pg', '@types/pg'] },
  kysely: { page: 'kysely', snippet: 'store', libraries: ['kysely', 'pg', '@types/pg'] },
  knex: { page: 'knex', snippet: 'store', libraries: ['knex'] },
  mysql: { page: 'mysql', snippet: 'own-table', libraries: ['mysql2'] },
  sqlite: {
    page: 'sqlite',
    snippet: 'app',
    libraries: ['better-sqlite3', '@types/better-sqlite3'],
    edit: (code) =>
      code
        .replace("{ DatabaseSync } from 'node:sqlite'", "Database from 'better-sqlite3'")
        .replace('new DatabaseSync(', 'new Database('),
  },
  passkeys: { page: 'passkeys', snippet: 'passkeys', libraries: ['@simplewebauthn/server'], isLoaded: true },
  sockets: {
    page: 'sockets',
    snippet: 'server',
    libraries: ['ws', '@types/ws', 'socket.io'],
    edit: (code) => code.replace('req.url.', 'req.url!.'),
  },
  'node-redis': { page: 'redis', snippet: 'node-redis', libraries: ['redis'] },
  verifier: {
    page: 'other-services',
    snippet: 'service',
    libraries: ['ioredis'],
    edit: (code) => code.replace('req.user.', 'req.user!.'), // as one has to say in TypeScript
  },
};

/** What `…` stands for in the snippets, and that the environment is set. */
const AMBIENT = `
declare const common: import('passport-visa').AuthOptions;
declare namespace NodeJS {
  interface ProcessEnv {
    ${['BASE_URL', 'DATABASE_URL', 'JWKS_URL', 'MYSQL_URL', 'REDIS_URL'].map((name) => `${name}: string;`).join(' ')}
  }
}
`;

/**
 * Writes the apps below a project that has the package and none of its optional peers.
 * @param {string} project
 * @returns {string} their folder
 */
export function writeApps(project) {
  const folder = path.join(project, 'subpaths');
  mkdirSync(path.join(folder, 'none'), { recursive: true });
  copyFileSync(
    path.join(ROOT, 'scripts/smoke/without-libraries.mjs'),
    path.join(folder, 'none/without-libraries.mjs'),
  );
  writeFileSync(path.join(folder, 'ambient.d.ts'), AMBIENT);
  for (const [name, { page, snippet, libraries, isLoaded, edit }] of Object.entries(APPS)) {
    const app = path.join(folder, name);
    const code = snippetOf(page, snippet);
    for (const library of libraries) link(library, app);
    if (isLoaded)
      cpSync(path.join(project, 'node_modules/passport-visa'), path.join(app, 'node_modules/passport-visa'), {
        recursive: true,
      });
    writeFileSync(path.join(app, 'app.mts'), filledIn(edit?.(code) ?? code));
    copyFileSync(path.join(ROOT, 'scripts/smoke/load.mjs'), path.join(app, 'load.mjs'));
  }
  return folder;
}

/**
 * Each app loads what its page imports, by import and by require. Without a library, what needs one names it.
 * @param {string} node
 * @param {string} folder
 */
export async function loadApps(node, folder) {
  const script = [
    ...Object.keys(APPS).map((name) => `await import('./${name}/load.mjs');`),
    `const { modules } = await import('./passkeys/load.mjs');`, // this one loads its library when it is called
    `modules['passport-visa/passkeys'].passkeys({ rpId: 'localhost', rpName: 'App', origins: 'http://localhost' });`,
  ];
  await run(node, ['--input-type=module', '-e', script.join('\n')], { cwd: folder });
  const libraries = Object.keys(peerDependenciesMeta);
  await run(node, ['without-libraries.mjs', ...libraries], { cwd: path.join(folder, 'none') });
}

/** @param {string} folder */
export async function checkTypesOfApps(folder) {
  const compilerOptions = {
    ...{ target: 'es2022', module: 'nodenext', strict: true, skipLibCheck: true, noEmit: true },
    types: ['node'],
  };
  const files = ['ambient.d.ts', ...Object.keys(APPS).map((name) => `${name}/app.mts`)];
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  await run(process.execPath, [compiler], { cwd: folder });
}

/** @param {string} library @param {string} app */
function link(library, app) {
  const places = ['test/libs/node_modules', 'node_modules'].map((each) => path.join(ROOT, each, library));
  const found = places.find((each) => existsSync(each));
  if (!found) throw new Error(`${library} was not found: run \`npm run libs\``);
  const place = path.join(app, 'node_modules', library);
  mkdirSync(path.dirname(place), { recursive: true });
  symlinkSync(found, place);
}

/** @param {string} page @param {string} name */
function snippetOf(page, name) {
  const text = readFileSync(path.join(ROOT, `docs/${page}.md`), 'utf8');
  const [, code] = new RegExp(`<!-- run: ${name} -->\\s+\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(text) ?? [];
  if (code === undefined) throw new Error(`docs/${page}.md has no snippet ${name}`);
  return code;
}

/** @param {string} code */
function filledIn(code) {
  return code.replace(/createAuth\(\{([^…}]*)…,?/, 'createAuth({ ...common, $1');
}
