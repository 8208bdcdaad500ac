import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as source from '../src';
import * as sourcePasskeys from '../src/features/passkeys';
import * as sourceHashes from '../src/hashes';
import * as sourceDrizzle from '../src/stores/drizzle';
import * as sourceKnex from '../src/stores/knex';
import * as sourceKysely from '../src/stores/kysely';
import * as sourceMysql from '../src/stores/mysql';
import * as sourcePrisma from '../src/stores/prisma';
import * as sourceSqlite from '../src/stores/sqlite';
import * as sourceTesting from '../src/testing';
import * as sourceVerifier from '../src/verifier';

const ROOT = join(__dirname, '..');
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  main: string;
  types: string;
  files: string[];
  exports: object;
  imports: object;
  bin: Record<string, string>;
};

/** Runs a script that can import the built package. @returns its output @throws if it doesn't end by itself */
function run(script: string, kind: 'module' | 'commonjs'): string {
  const flags = [`--input-type=${kind}`, '--trace-warnings', '-e', script];
  return execFileSync(process.execPath, flags, {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 60_000,
    stdio: 'pipe',
  });
}

/** All files in a tree of `exports` conditions. */
function targets(tree: unknown): string[] {
  return typeof tree === 'string' ? [tree] : Object.values(tree as object).flatMap(targets);
}

const ENTRIES: [string, object][] = [
  ['passport-visa', source],
  ['passport-visa/testing', sourceTesting],
  ['passport-visa/hashes', sourceHashes],
  ['passport-visa/passkeys', sourcePasskeys],
  ['passport-visa/mysql', sourceMysql],
  ['passport-visa/prisma', sourcePrisma],
  ['passport-visa/drizzle', sourceDrizzle],
  ['passport-visa/kysely', sourceKysely],
  ['passport-visa/knex', sourceKnex],
  ['passport-visa/sqlite', sourceSqlite],
  ['passport-visa/verifier', sourceVerifier],
];

/** Names that Node adds to those of an imported CommonJS module. */
const ADDED_BY_NODE = new Set(['default', 'module.exports', '__esModule']);

describe.each(ENTRIES)('%s', (entry, exported) => {
  const names = Object.keys(exported).sort();

  test('gives the same names to import and to require', () => {
    const print = 'process.stdout.write(JSON.stringify(Object.keys(all).sort()))';
    const imported = JSON.parse(run(`import * as all from '${entry}'; ${print}`, 'module')) as string[];
    const required = JSON.parse(run(`const all = require('${entry}'); ${print}`, 'commonjs')) as string[];
    expect(imported.filter((name) => !ADDED_BY_NODE.has(name))).toEqual(names);
    expect(required).toEqual(names);
  });

  test('is the same module for import and require, so instanceof works across both', () => {
    const script = `
      import { createRequire } from 'node:module';
      import * as imported from '${entry}';
      const required = createRequire(process.cwd() + '/x.js')('${entry}');
      process.stdout.write(String(Object.keys(required).every((name) => imported[name] === required[name])));`;
    expect(run(script, 'module')).toBe('true');
  });

  test.each([
    ['import', 'module', (each: string) => `await import('${each}');`],
    ['require', 'commonjs', (each: string) => `require('${each}');`],
  ] as const)('has no side effects: %s opens nothing, starts nothing, prints nothing', (_way, kind, load) => {
    const script = `
      const state = () => [
        ...Object.getOwnPropertyNames(globalThis),
        ...process.eventNames().map((name) => name + ': ' + process.listenerCount(name) + ' listeners'),
      ];
      const before = new Set(state());
      ${load(entry)}
      setImmediate(() => {
        // The pipes are this script's own output, and zod keeps its registry in globals.
        const open = process.getActiveResourcesInfo().filter((name) => !/^(PipeWrap|CloseReq|Immediate)$/.test(name));
        const added = [...open, ...state().filter((each) => !before.has(each) && !each.startsWith('__zod_'))];
        if (added.length > 0) console.log(added);
      });`;
    expect(run(script, kind)).toBe('');
  });
});

test('the import of passport-visa loads no dependency but ms, and createAuth loads what the first request needs', () => {
  const script = `
    const { createAuth, MemoryRefreshTokenStore, MemoryUserStore } = require('passport-visa');
    const loaded = () => Object.keys(require.cache).filter((file) => file.includes('node_modules'))
      .map((file) => file.split('node_modules/').at(-1).split('/')[0]);
    const imported = loaded();
    createAuth({
      users: new MemoryUserStore(),
      refreshTokens: new MemoryRefreshTokenStore(),
      accessToken: { secret: require('node:crypto').randomBytes(48).toString('base64') },
      refreshToken: { secret: require('node:crypto').randomBytes(48).toString('base64') },
    });
    process.stdout.write(JSON.stringify([imported, [...new Set(loaded())]]));
    process.exit();`;
  const [imported, created] = JSON.parse(run(script, 'commonjs')) as [string[], string[]];
  expect(imported).toEqual(['ms']);
  expect(created).toEqual(
    expect.arrayContaining(['express', 'jsonwebtoken', 'rate-limiter-flexible', 'zod']),
  );
});

test('the code for sockets is loaded by the first call that needs it, and neither ws nor socket.io ever is', () => {
  const script = `
    const { createAuth, MemoryRefreshTokenStore, MemoryUserStore } = require('passport-visa');
    const auth = createAuth({
      users: new MemoryUserStore(),
      refreshTokens: new MemoryRefreshTokenStore(),
      accessToken: { secret: require('node:crypto').randomBytes(48).toString('base64') },
      refreshToken: { secret: require('node:crypto').randomBytes(48).toString('base64') },
    });
    auth.guard();
    auth.sessions.onEnd(() => {});
    const loaded = () => Object.keys(require.cache).filter((file) => /dist.sockets|node_modules.(ws|socket.io|engine.io)/.test(file))
      .map((file) => file.split(/[\\\\/]/).at(-1));
    const before = loaded();
    auth.upgrade({ handleUpgrade() {} });
    process.stdout.write(JSON.stringify([before, loaded()]));
    process.exit();`;
  const [before, after] = JSON.parse(run(script, 'commonjs')) as [string[], string[]];
  expect(before).toEqual([]);
  expect(after).toContain('sockets.js');
  expect(after.filter((file) => !existsSync(join(ROOT, 'dist/sockets', file)))).toEqual([]);
});

test('a feature that the app does not use loads nothing but the function that makes it', () => {
  const script = `
    const { createAuth, emailAccount, MemoryRefreshTokenStore, MemoryUserStore, secondFactor } = require('passport-visa');
    const secret = () => require('node:crypto').randomBytes(48).toString('base64');
    const create = (features) => createAuth({
      users: new MemoryUserStore(),
      refreshTokens: new MemoryRefreshTokenStore(),
      accessToken: { secret: secret() },
      refreshToken: { secret: secret() },
      features,
    });
    const loaded = (folder) => Object.keys(require.cache).map((file) => file.split('/features/' + folder + '/')[1]).filter(Boolean);
    create([]);
    const without = [loaded('email-account'), loaded('second-factor')];
    create([emailAccount({ send() {}, baseUrl: 'http://localhost' })]);
    const withEmail = loaded('second-factor');
    create([secondFactor({ issuer: 'App', key: secret() })]);
    process.stdout.write(JSON.stringify({ without, withEmail, withFactor: loaded('second-factor').includes('set-up.js') }));
    process.exit();`;
  expect(JSON.parse(run(script, 'commonjs'))).toEqual({
    without: [['email-account.js'], ['second-factor.js']],
    withEmail: ['second-factor.js'],
    withFactor: true,
  });
});

test('passport-visa/testing loads no test runner and no HTTP client', () => {
  const script = `
    require('passport-visa/testing');
    const names = Object.keys(require.cache).map((file) => file.split('node_modules/').at(-1).split('/')[0]);
    process.stdout.write(JSON.stringify([...new Set(names)]));`;
  const loaded = JSON.parse(run(script, 'commonjs')) as string[];
  expect(loaded).toContain('zod');
  expect(loaded.filter((name) => /jest|supertest|superagent|vitest/.test(name))).toEqual([]);
});

test('passport-visa/hashes loads no dependency before it is used', () => {
  const script = `
    require('passport-visa/hashes');
    process.stdout.write(String(Object.keys(require.cache).filter((file) => file.includes('node_modules'))));`;
  expect(run(script, 'commonjs')).toBe('');
});

test.each([
  ['passkeys', []],
  ['sqlite', ['ms']],
])('passport-visa/%s loads no driver and no other library before it is used', (entry, expected) => {
  const script = `
    require('passport-visa/${entry}');
    const packages = Object.keys(require.cache).filter((file) => file.includes('node_modules'));
    process.stdout.write(JSON.stringify(packages.map((file) => file.split('node_modules/').at(-1).split('/')[0])));`;
  expect(JSON.parse(run(script, 'commonjs'))).toEqual(expected);
});

test('a verifier loads nothing of the router, and of the dependencies only what reads a request', () => {
  const script = `
    const { createVerifier } = require('passport-visa/verifier');
    const { publicKey } = require('node:crypto').generateKeyPairSync('ed25519');
    const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'a' }] };
    createVerifier({ jwks, issuer: 'https://login.example.com', audience: 'https://api.example.com' });
    const files = Object.keys(require.cache);
    const packages = files.filter((file) => file.includes('node_modules')).map((file) => file.split('node_modules/').at(-1).split('/')[0]);
    const folders = files.filter((file) => !file.includes('node_modules')).map((file) => file.split('/dist/')[1].split('/')[0]);
    process.stdout.write(JSON.stringify([[...new Set(packages)].sort(), [...new Set(folders)].sort()]));`;
  const [packages, folders] = JSON.parse(run(script, 'commonjs')) as [string[], string[]];
  expect(packages).toEqual(['bowser', 'cookie', 'ipaddr.js', 'ms', 'tiny-lru']);
  expect(folders).toEqual([
    ...['errors.js', 'events', 'http', 'messages', 'middleware', 'sessions', 'stores', 'tokens', 'utils'],
    'verifier',
  ]);
});

test('the public API consists of these names; changing it must be a decision', () => {
  expect(Object.keys(source).sort()).toEqual([
    'AUTH_EVENT_NAMES',
    'AUTH_FAILURES',
    'AuthError',
    'MemoryRefreshTokenStore',
    'MemoryUserStore',
    'PostgresRefreshTokenStore',
    'PostgresUserStore',
    'RedisRefreshTokenStore',
    'UsernameTakenError',
    'createAuth',
    'emailAccount',
    'newUsername',
    'normalizeUsername',
    'secondFactor',
    'userOf',
    'usernameKey',
  ]);
  expect(Object.keys(sourcePasskeys).sort()).toEqual(['passkeys']);
  expect(Object.keys(sourceTesting).sort()).toEqual([
    'credentialStoreContract',
    'identityStoreContract',
    'loginAs',
    'oneTimeTokenStoreContract',
    'refreshTokenStoreContract',
    'revocationContract',
    'testAuth',
    'testClock',
    'userStoreContract',
  ]);
  expect(Object.keys(sourceSqlite)).toEqual(['SqliteRefreshTokenStore', 'SqliteUserStore']);
  expect(Object.keys(sourceHashes).sort()).toEqual(['argon2', 'pbkdf2', 'phpass', 'scrypt']);
  expect(Object.keys(sourceMysql)).toEqual(['MysqlUserStore']);
  expect(Object.keys(sourceVerifier)).toEqual(['createVerifier']);
});

test('the client is ESM only, has no side effects and leaves nothing open', () => {
  const script = `
    const before = Object.getOwnPropertyNames(globalThis).length;
    const all = await import('passport-visa/client');
    if (Object.getOwnPropertyNames(globalThis).length > before) console.log('added a global');
    process.stdout.write(JSON.stringify(Object.keys(all).sort()));`;
  expect(JSON.parse(run(script, 'module'))).toEqual(['AuthClientError', 'createAuthClient']);
  const account = script.replace('passport-visa/client', 'passport-visa/client/account');
  expect(JSON.parse(run(account, 'module'))).toEqual(['createAccountClient', 'takeToken']);
  const factor = script.replace('passport-visa/client', 'passport-visa/client/second-factor');
  expect(JSON.parse(run(factor, 'module'))).toEqual(['createSecondFactorClient', 'stepUp']);
  const passkeys = script.replace('passport-visa/client', 'passport-visa/client/passkeys');
  expect(JSON.parse(run(passkeys, 'module'))).toEqual(['passkeys']);
});

test('the types declare what the code exports, no more and no less', () => {
  for (const [folder, exported] of [
    ['dist', source],
    ['dist/testing', sourceTesting],
    ['dist/hashes', sourceHashes],
    ['dist/features/passkeys', sourcePasskeys],
    ['dist/stores/mysql', sourceMysql],
    ['dist/stores/prisma', sourcePrisma],
    ['dist/stores/drizzle', sourceDrizzle],
    ['dist/stores/kysely', sourceKysely],
    ['dist/stores/knex', sourceKnex],
    ['dist/stores/sqlite', sourceSqlite],
    ['dist/verifier', sourceVerifier],
  ] as const) {
    const declared = readFileSync(join(ROOT, folder, 'index.d.ts'), 'utf8');
    const values = [...declared.matchAll(/^export (?!type)(?:\{([^}]*)\}|declare function (\w+))/gms)]
      .flatMap(([, list, name]) => list?.split(',') ?? [name as string])
      .map((each) => each.trim())
      .filter((each) => each !== '' && !each.startsWith('type '));
    expect(values.sort()).toEqual(Object.keys(exported).sort());
    expect(readFileSync(join(ROOT, folder, 'index.d.mts'), 'utf8').trim()).toBe(
      "export * from './index.js';",
    );
  }
});

test('package.json points at files that exist', () => {
  const { main, types, exports, imports, bin, files } = manifest;
  for (const file of [main, types, ...targets(exports), ...targets(imports), ...targets(bin)]) {
    expect([file, statSync(join(ROOT, file)).isFile()]).toEqual([file, true]);
    expect(file === './package.json' || files.includes(file.split('/')[1] as string)).toBe(true);
  }
  for (const file of files.map((each) => each.replace(/\/\*\.md$/, '')))
    expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
});
