import { openSqliteDatabase } from './app-in-sqlite';
import { appDatabase } from '../../helpers/apps/app-database';
import '../../helpers/apps/cli'; // here, so that its process ends after the last of the files

appDatabase.open = openSqliteDatabase;
appDatabase.sessionStores = ['sqlite'];

describe.each(['users', 'sessions', 'second-factor', 'email-account'])(
  'node:sqlite: cli/%s.test.ts',
  (file) => {
    jest.requireActual(`../../cli/${file}.test`);
  },
);
