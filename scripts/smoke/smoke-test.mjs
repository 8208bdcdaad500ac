// Installs a tarball into empty projects and uses it there, in every way that Node and TypeScript load it.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const TIME_LIMIT_MS = 60_000;
const PEERS = ['express', 'passport'];

const ESM = `
import express from 'express';
import * as visa from 'passport-visa';
import * as testing from 'passport-visa/testing';
import { runApp } from './app.cjs';
await runApp({ express, visa, testing });
`;
const CJS = `
const express = require('express');
const visa = require('passport-visa');
const testing = require('passport-visa/testing');
const { runApp } = require('./app.cjs');
runApp({ express, visa, testing });
`;

/**
 * @param {string} tarball
 * @param {string} folder where the projects may be made
 */
export function smokeTest(tarball, folder) {
  smokeApp(join(folder, 'esm'), 'module', ESM, tarball);
  smokeApp(join(folder, 'cjs'), 'commonjs', CJS, tarball);
  smokeCommand(join(folder, 'cjs'));
  smokeTypes(join(folder, 'types'), tarball);
}

/**
 * @param {string} project
 * @param {'module' | 'commonjs'} type
 * @param {string} main
 * @param {string} tarball
 */
function smokeApp(project, type, main, tarball) {
  createProject(project, type, [tarball, ...PEERS]);
  copyFileSync(join(HERE, 'app.cjs'), join(project, 'app.cjs'));
  writeFileSync(join(project, 'main.js'), main);
  try {
    run(project, process.execPath, ['main.js'], { timeout: TIME_LIMIT_MS });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ETIMEDOUT') throw error;
    throw new Error(`the ${type} app did not end by itself within ${TIME_LIMIT_MS / 1000} s`, {
      cause: error,
    });
  }
  console.log(`smoke test: ${type} passed`);
}

/** @param {string} project where the tarball is installed */
function smokeCommand(project) {
  const command = ['--no-install', 'passport-visa', 'secret'];
  const secrets = execFileSync('npx', command, { cwd: project, encoding: 'utf8', timeout: TIME_LIMIT_MS });
  if (!/^ACCESS_TOKEN_SECRET=\S{64}\nREFRESH_TOKEN_SECRET=\S{64}\n$/.test(secrets))
    throw new Error('npx passport-visa secret does not print two secrets');
  console.log('smoke test: command passed');
}

/**
 * @param {string} project
 * @param {string} tarball
 */
function smokeTypes(project, tarball) {
  createProject(project, 'module', [
    tarball,
    ...PEERS,
    installed('@types/express'),
    installed('@types/node'),
  ]);
  for (const file of ['route.mts', 'route.cts'])
    copyFileSync(join(HERE, 'route.ts.txt'), join(project, file));
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    strict: true,
    noEmit: true,
    types: ['node'],
  };
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['route.mts', 'route.cts'] }),
  );
  run(project, process.execPath, [createRequire(import.meta.url).resolve('typescript/bin/tsc')]);
  console.log('smoke test: types passed');
}

/**
 * @param {string} project
 * @param {'module' | 'commonjs'} type
 * @param {string[]} packages
 */
function createProject(project, type, packages) {
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type }));
  run(project, 'npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefer-offline', ...packages]);
}

/**
 * @param {string} name
 * @returns {string} the version that this repository works with
 */
function installed(name) {
  const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return `${name}@${JSON.parse(readFileSync(manifest, 'utf8')).version}`;
}

/**
 * @param {string} cwd
 * @param {string} program
 * @param {string[]} args
 * @param {{ timeout?: number }} [options]
 */
function run(cwd, program, args, options) {
  execFileSync(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'], ...options });
}
