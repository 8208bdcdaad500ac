// A process of an app. It creates and finds users when it gets the message that says so.
import { createRequire } from 'node:module';
import { PostgresUserStore } from '../../dist/index.mjs';
import { MysqlUserStore } from '../../dist/stores/mysql/index.mjs';
import { answerCalls } from './answer-calls.mjs';

const load = createRequire(import.meta.url);
const [url = '', options = '{}'] = process.argv.slice(2);

const isMysql = url.startsWith('mysql:');
const pool = isMysql
  ? load('mysql2').createPool({ uri: url })
  : new (load('pg').Pool)({ connectionString: url });
const users = isMysql
  ? new MysqlUserStore(pool, JSON.parse(options))
  : new PostgresUserStore(pool, JSON.parse(options));

const calls = {
  migrate: () => users.migrate(),
  /**
   * @param {string} username
   * @param {number} times
   */
  find: async (username, times) => {
    const found = await Promise.all(Array.from({ length: times }, () => users.findByUsername(username)));
    return found.map((user) => user?.username);
  },
  /**
   * @param {string} username
   * @param {number} times
   */
  create: (username, times) =>
    Promise.all(
      Array.from({ length: times }, (_, n) =>
        users.create({ username: n % 2 ? username : username.toUpperCase(), passwordHash: null }).then(
          () => 'created',
          (error) => error.name,
        ),
      ),
    ),
};

answerCalls(calls);
