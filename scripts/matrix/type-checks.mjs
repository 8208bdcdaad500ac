import { copyFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

const TYPES = fileURLToPath(new URL('../smoke/types/', import.meta.url));

/** TypeScript's module modes, and the endings of the files that load the package in each. */
const MODES = {
  node16: { options: { module: 'node16' }, endings: ['mts', 'cts'] },
  nodenext: { options: { module: 'nodenext' }, endings: ['mts', 'cts'] },
  bundler: { options: { module: 'preserve', moduleResolution: 'bundler' }, endings: ['ts'] },
};

/** @typedef {{ project: string, typescript: '5.9' | '6', mode: keyof typeof MODES, app: string, skipLibCheck?: boolean }} TypeCheck */

/**
 * Without `skipLibCheck`, TypeScript checks all declarations that a project loads, ours included. What passes this way also
 * passes with it. Each app is a program of its own, because its declarations about Express apply to all its files.
 * @type {TypeCheck[]}
 */
export const TYPE_CHECKS = [
  { project: 'express5', typescript: '6', mode: 'nodenext', app: 'plain' },
  { project: 'express4', typescript: '5.9', mode: 'bundler', app: 'plain' },
  { project: 'express5', typescript: '6', mode: 'node16', app: 'additional' },
  { project: 'express5', typescript: '6', mode: 'bundler', app: 'clashing' },
  { project: 'express4', typescript: '5.9', mode: 'node16', app: 'clashing' },
  { project: 'express5', typescript: '6', mode: 'nodenext', app: 'claims' },
  { project: 'express4', typescript: '5.9', mode: 'bundler', app: 'claims' },
  { project: 'express4', typescript: '5.9', mode: 'nodenext', app: 'plain', skipLibCheck: true },
];

/** @param {TypeCheck} check */
export function titleOf({ typescript, mode, app, skipLibCheck = false }) {
  return `TypeScript ${typescript}, ${mode}, skipLibCheck ${skipLibCheck}: ${app}`;
}

/**
 * @param {TypeCheck} check
 * @param {string} project its folder
 */
export async function typeCheck({ typescript, mode, app, skipLibCheck = false }, project) {
  const { options, endings } = MODES[mode];
  const files = endings.map((ending) => `${app}.${ending}`);
  for (const file of files) copyFileSync(join(TYPES, `${app}.ts.txt`), join(project, file));
  const config = `tsconfig.${typescript}.${mode}.${app}.json`;
  const compilerOptions = { ...options, skipLibCheck, strict: true, noEmit: true, types: ['node'] };
  writeFileSync(
    join(project, config),
    JSON.stringify({ compilerOptions: { target: 'es2022', ...compilerOptions }, files }),
  );
  await run(process.execPath, [compiler(typescript, project), '--project', config], { cwd: project });
}

/**
 * @param {TypeCheck['typescript']} typescript
 * @param {string} project
 */
function compiler(typescript, project) {
  if (typescript === '5.9') return join(project, 'node_modules/typescript/bin/tsc');
  return createRequire(import.meta.url).resolve('typescript/bin/tsc');
}
