import { spawn } from 'node:child_process';

/** Enough for the slowest machine. A program that still runs then has hung. */
const TIME_LIMIT_MS = 300_000;

/**
 * Runs a program without input. What it prints is shown only when it fails.
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd: string, env?: Record<string, string> }} options
 * @returns {Promise<void>} rejects with its output, or because it didn't end by itself
 */
export function run(program, args, { cwd, env = {} }) {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIME_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else if (signal) reject(new Error(`did not end within ${TIME_LIMIT_MS / 1000} s\n${output}`));
      else reject(new Error(`ended with ${code}\n${output}`));
    });
  });
}
