import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';

const MAIN = path.join(__dirname, '../../../dist/cli/main.js');
const TIME_LIMIT_MS = 60_000;

export interface CliResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  /** The environment of the command, in addition to PATH. */
  env?: Record<string, string | undefined>;
  /** What the command reads from stdin. */
  input?: string;
  /** The script to run. Default: the built command. */
  main?: string;
  cwd?: string;
}

/** Runs the built command in its own process, like its users do. */
export async function cli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { PATH } = process.env;
  // `--` ends Node's own options. Without it Node would take an --env-file after the script for its own.
  const child = spawn(process.execPath, ['--', options.main ?? MAIN, ...args], {
    env: { PATH, ...options.env },
    cwd: options.cwd,
    timeout: TIME_LIMIT_MS,
    stdio: 'pipe',
  });
  child.stdin.on('error', () => undefined); // a command that doesn't read it may have ended
  child.stdin.end(options.input ?? '');
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = await closed;
  return { status, stdout, stderr };
}

/** What a command prints with --json. @throws if the command fails */
export async function cliJson<T>(args: readonly string[], options: CliOptions = {}): Promise<T> {
  const { status, stdout, stderr } = await cli([...args, '--json'], options);
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
