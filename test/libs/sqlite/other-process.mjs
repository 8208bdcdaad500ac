// Another process with a store of its own. It carries out the calls that it gets as messages.
import { createRequire } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SqliteRefreshTokenStore, SqliteUserStore } from '../../../dist/stores/sqlite/index.mjs';
import { answerCalls } from '../answer-calls.mjs';

const [driver, file] = process.argv.slice(2);
const load = createRequire(import.meta.url);
const database =
  driver === 'node:sqlite'
    ? new (load('node:sqlite').DatabaseSync)(file)
    : new (load('better-sqlite3'))(file);
const store = new SqliteRefreshTokenStore(database);

const users = new SqliteUserStore(database);

const calls = {
  /** @param {string} sql */
  exec: (sql) => void database.exec(sql),
  migrate: () => store.migrate(),
  /** @param {import('../../../dist/index.js').RotateRequest[]} requests */
  rotate: (...requests) => Promise.all(requests.map((request) => store.rotate(request))),
  /**
   * @param {string} username
   * @param {number} times
   */
  createUsers: (username, times) =>
    Promise.all(
      Array.from({ length: times }, () =>
        users.create({ username, passwordHash: null }).then(
          () => 'created',
          (error) => error.name,
        ),
      ),
    ),
  follow() {
    store.followRevocations({
      keepForSeconds: 60,
      onRevoked: (revocation) => process.send?.({ revocation }),
      onCurrent: () => undefined,
      onLost: () => undefined,
    });
  },
  /**
   * Rotates one session again and again, and tells each generation after it was written.
   * @param {import('../../../dist/index.js').RotateRequest} request
   */
  async rotateForEver(request) {
    for (let generation = request.generation; ; generation += 1) {
      const { outcome } = await store.rotate({ ...request, generation });
      process.send?.({ generation, outcome });
      await nextTurn();
    }
  },
};

answerCalls(calls);
