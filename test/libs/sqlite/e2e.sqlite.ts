import { realClients, type RealStores } from '../../helpers/apps/app';
import { appDatabase } from '../../helpers/apps/app-database';
import { attemptBackends } from '../../helpers/apps/attempt-backends';
import { openSqliteDatabase, openSqliteStores } from './app-in-sqlite';

appDatabase.open = openSqliteDatabase;
appDatabase.sessionStores = ['sqlite'];
realClients.stores = async () => {
  const { close, users, refreshTokens } = await openSqliteStores();
  return { options: { users, refreshTokens }, close } as unknown as RealStores;
};
for (const name of Object.keys(attemptBackends)) delete attemptBackends[name];
attemptBackends['SQLite'] = async () => {
  const { refreshTokens, run, close } = await openSqliteStores();
  const endWait = () => run(`DELETE FROM visa_attempts WHERE key LIKE '%-turn:%'`);
  return { store: refreshTokens, endWait, close };
};

const FILES = [
  ...[
    'sessions',
    'rotation',
    'refresh',
    'logout',
    'renew',
    'claims',
    'two-processes',
    'own-routes-two-processes',
  ].map((file) => `e2e/sessions/${file}.test`),
  ...['limits', 'misuse', 'username', 'known-address'].map((file) => `e2e/limits/${file}.test`),
  ...[
    'password',
    'register',
    'reauthenticate',
    'proof-of-login',
    'new-login',
    'repeated-change',
    'unfinished-change',
    'password-thief',
    'flow-state',
  ].map((file) => `e2e/login/${file}.test`),
  ...['audit', 'events'].map((file) => `e2e/events/${file}.test`),
  ...['e2e/main-job.test', 'e2e/http/bad-input.test'],
  ...[
    'hostile-requests',
    'undo-attacks',
    'replaced-tokens',
    'passwords-at-once',
    'change-of-ended-session',
  ].map((file) => `features/email-account/${file}.test`),
];

describe.each(FILES)('node:sqlite: %s.ts', (file) => {
  jest.requireActual(`../../${file}`);
});
