#!/usr/bin/env node
import { run } from './program.js';

/** A connection that won't close must not keep the process running after the command is done. */
const CLOSE_TIMEOUT_MS = 300;

void run(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
  setTimeout(() => process.exit(), CLOSE_TIMEOUT_MS).unref();
});
