import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';

const MAIN = path.join(__dirname, '../../dist/cli/main.js');
const TIME_LIMIT_MS = 20_000;

export interface CliResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  /** All that the command sees of the environment, beside PATH. */
  env?: Record<string, string | undefined>;
  /** What stands in stdin. */
  input?: string;
  /** Another script. */
  main?: string;
  cwd?: string;
}

/** Runs the built command as its users do: in a process of its own. */
export async function cli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { PATH } = process.env;
  // Node would look for the file of --env-file itself, wherever it stands, unless told that its own options end here.
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

/** What a command prints with --json. @throws when it failed */
export async function cliJson<T>(args: readonly string[], options: CliOptions = {}): Promise<T> {
  const { status, stdout, stderr } = await cli([...args, '--json'], options);
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
