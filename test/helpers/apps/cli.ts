import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';

/** The built command. */
export const MAIN = path.join(__dirname, '../../../dist/cli/main.js');
/** On a busy machine. */
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
  cwd?: string;
}

/** Runs commands for the tests of a file, one after the other. Starts with the first one. */
let host: ChildProcess | undefined;
let lastCommand: Promise<unknown> = Promise.resolve();
afterAll(() => host?.kill('SIGKILL'));

/** Runs a built command. */
export function cli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  host ??= fork(require.resolve('./cli-host.mjs'), { silent: true }); // its output must be no file
  const { PATH } = process.env;
  const command = { ...options, args, env: { PATH, ...options.env } };
  const result = lastCommand.then(async () => {
    host?.send(command);
    const [answer] = (await once(host as ChildProcess, 'message')) as [CliResult];
    return answer;
  });
  lastCommand = result;
  return result;
}

/** Of the process that runs commands, once it has run one. */
export const cliPid = () => host?.pid as number;

/** Runs a script in its own process, as users do. Default: the built command */
export async function cliProcess(
  args: readonly string[],
  { main = MAIN, env, input = '', cwd }: CliOptions & { main?: string } = {},
): Promise<CliResult> {
  const { PATH } = process.env;
  // `--` ends Node's own options. Without it Node would take an --env-file after the script for its own.
  const child = spawn(process.execPath, ['--', main, ...args], {
    env: { PATH, ...env },
    cwd,
    timeout: TIME_LIMIT_MS,
    stdio: 'pipe',
  });
  child.stdin.on('error', () => undefined); // a command that doesn't read it may have ended
  child.stdin.end(input);
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

/** One clear message on stderr, no stack and no other output. */
export function expectCliFailure(result: CliResult, status: number, message: RegExp): void {
  expect(result).toEqual({ status, stdout: '', stderr: expect.stringMatching(message) as string });
  expect(result.stderr).not.toMatch(/\n\s+at /);
}
