// Before each test file of jest.sqlite.config.js: what shares its stores with other tests gets those of SQLite.
import { realClients, type RealStores } from '../../helpers/apps/app';
import { appDatabase } from '../../helpers/apps/app-database';
import { attemptBackends } from '../../helpers/apps/attempt-backends';
import { EACH_STORES } from '../../helpers/apps/feature-stores';
import { PATIENT, useCallTimes } from '../../helpers/call-times';
import { openSqliteDatabase, openSqliteStores } from './app-in-sqlite';

appDatabase.open = openSqliteDatabase;
appDatabase.sessionStores = ['sqlite'];

EACH_STORES.splice(0, EACH_STORES.length, ['SQLite', openSqliteStores]);

realClients.stores = async () => {
  const { close, users, refreshTokens } = await openSqliteStores();
  return { options: { users, refreshTokens }, close } as unknown as RealStores;
};

for (const server of ['Redis', 'PostgreSQL']) delete attemptBackends[server];
attemptBackends['SQLite'] = async () => {
  const { refreshTokens, run, close } = await openSqliteStores();
  const endWait = () => run(`DELETE FROM visa_attempts WHERE key LIKE '%-turn:%'`);
  return { store: refreshTokens, endWait, close };
};

// Tests of locks, and of how long calls wait for them, set their own.
useCallTimes(PATIENT);
afterEach(() => useCallTimes(PATIENT));
