import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ACCESS_SECRET, REFRESH_SECRET } from '../helpers/apps/app';

/** On a busy machine. */
const START_TIMEOUT_MS = 60_000;
/** For SQLite, which Node 20 has not. */
export const NODE_24 = join(__dirname, '../libs/node_modules/node24/bin/node');

/** What a scenario sets for its app. */
export interface AppSettings {
  /** Where the users are stored. */
  postgres: string;
  /** The file where users and sessions are stored instead. The process creates its tables, and these users. */
  sqlite?: { file: string; users: readonly { username: string; passwordHash: string }[] };
  /** Where the sessions are stored, and the client's package (default: ioredis). Default: in PostgreSQL, with the users. */
  redis?: (
    { url: string } | { nodes: readonly object[] } | { sentinels: readonly object[]; name: string }
  ) & { library?: 'ioredis' | 'redis' };
  /** Override the options of `createAuth`. */
  options?: object;
  /** Express's `trust proxy`. Default: none. */
  trustProxy?: string;
  /** Additional environment variables. */
  env?: Record<string, string>;
}

export interface AppProcess {
  readonly url: string;
  readonly pid: number;
  /** How it ended, or what it wrote to stderr. Undefined while it runs and has written nothing. */
  complaint(): string | undefined;
  kill(): Promise<void>;
}

/** Starts a process of the app. It ends with the test at the latest. */
export async function startAppProcess({ env, ...settings }: AppSettings): Promise<AppProcess> {
  const secrets = { accessSecret: ACCESS_SECRET, refreshSecret: REFRESH_SECRET };
  const child = fork(require.resolve('./app.mjs'), {
    env: { ...process.env, ...env, FAULTS_APP: JSON.stringify({ ...settings, ...secrets }) },
    execArgv: [],
    execPath: settings.sqlite ? NODE_24 : process.execPath,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.on('data', (text: Buffer) => (errors += text.toString()));
  const port = await portOf(child, () => errors);
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid as number,
    complaint: () =>
      hasEnded(child) ? `ended: ${child.signalCode ?? child.exitCode} ${errors}` : errors || undefined,
    async kill() {
      if (hasEnded(child)) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function portOf(child: ChildProcess, errors: () => string): Promise<number> {
  const ended = once(child, 'exit').then(() =>
    Promise.reject(new Error(`The app did not start: ${errors()}`)),
  );
  const listening = once(child, 'message', { signal: AbortSignal.timeout(START_TIMEOUT_MS) });
  const [port] = (await Promise.race([listening, ended])) as [number];
  ended.catch(() => undefined);
  return port;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
