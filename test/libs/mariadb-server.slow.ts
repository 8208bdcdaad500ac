import mysql from 'mysql2/promise';
import { startMariaDb, type TestServer } from '../helpers/servers/servers';

let server: TestServer;

beforeAll(async () => {
  server = await startMariaDb();
});
afterAll(() => server.stop());

async function ask(text: string): Promise<unknown> {
  const connection = await mysql.createConnection({ uri: server.url, connectTimeout: 500 });
  try {
    return (await connection.query({ sql: text, timeout: 500 }))[0];
  } finally {
    connection.destroy();
  }
}

test('the server that tests start keeps its data over a kill, and gives no answer while it is frozen', async () => {
  await ask('CREATE TABLE kept (a int)');
  await ask('INSERT INTO kept VALUES (7)');
  await server.kill();
  await expect(ask('SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
  await server.restart();
  expect(await ask('SELECT a FROM kept')).toEqual([{ a: 7 }]);
  server.freeze();
  await expect(ask('SELECT 1')).rejects.toThrow(/ETIMEDOUT/);
  server.thaw();
  expect(await ask('SELECT @@collation_database AS c')).toEqual([{ c: 'utf8mb4_general_ci' }]);
});
