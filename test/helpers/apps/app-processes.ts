import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { ACCESS_SECRET, REFRESH_SECRET } from './app';
import { PATIENT_PROCESS } from '../call-times';
import { appDatabase, type AppDatabase } from './app-database';

/** On a busy machine. */
const START_TIMEOUT_MS = 60_000;

export interface AppProcesses {
  readonly database: AppDatabase;
  /** Starts a process of the app, with its sessions in `store`. @param features as those of all processes @returns its address */
  start(store: string, keyPrefix: string, features?: Readonly<Record<string, string>>): Promise<string>;
}

/** Processes of one app, with a new database, for the tests of a file. `EMAIL_ACCOUNT: 'yes'`, `FACTOR_KEY` and `PASSKEY_ORIGIN` give
 * it these features; with `REAL_PASSWORDS: 'yes'` it hashes with bcrypt. */
export function useAppProcesses(environment: Readonly<Record<string, string>> = {}): AppProcesses {
  const children: ChildProcess[] = [];
  let database: AppDatabase;

  beforeAll(async () => {
    database = await appDatabase.open();
    await database.users().migrate();
    await database.sessions().migrate();
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await database.close();
  });

  return {
    get database() {
      return database;
    },
    async start(store, keyPrefix, features = environment) {
      const servers = { DATABASE_URL: database.url, REDIS_URL: process.env['TEST_REDIS_URL'] };
      const secrets = { ACCESS_TOKEN_SECRET: ACCESS_SECRET, REFRESH_TOKEN_SECRET: REFRESH_SECRET };
      const child = fork(require.resolve('./app-process.mjs'), [store], {
        execArgv: PATIENT_PROCESS.args,
        env: {
          ...process.env,
          ...features,
          ...servers,
          ...secrets,
          ...PATIENT_PROCESS.env,
          KEY_PREFIX: keyPrefix,
        },
      });
      children.push(child);
      const started = once(child, 'message', { signal: AbortSignal.timeout(START_TIMEOUT_MS) });
      const [port] = (await started) as [number];
      return `http://127.0.0.1:${port}`;
    },
  };
}
