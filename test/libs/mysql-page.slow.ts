import mysql from 'mysql2/promise';
import { cli } from '../helpers/apps/cli';
import { useDocPage } from '../helpers/snippets';
import { startMariaDb, type TestServer } from '../helpers/servers/servers';

const page = useDocPage('docs/mysql.md');
let server: TestServer;

beforeAll(async () => {
  page.linkLibraries();
  server = await startMariaDb();
});
afterAll(() => server.stop());

test('the app of the page registers and logs in, over the table of the page', async () => {
  const connection = await mysql.createConnection({ uri: server.url });
  await connection.query(page.snippet('table'));
  const { stdout: beside } = await cli(['migrate', '--dialect', 'mysql', '--beside', 'people']);
  for (const statement of beside.split(';').filter((each) => each.trim() !== ''))
    await connection.query(statement);
  const browse = await page.start('own-table', { MYSQL_URL: server.url });
  const post = (path: string, body: object) =>
    browse(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const password = 'correct horse 42';
  expect((await post('/auth/register', { email: 'Ann@example.com', password })).status).toBe(201);
  expect((await post('/auth/login', { email: 'ANN@example.com', password })).status).toBe(200);
  const [rows] = await connection.query('SELECT email, roles FROM people');
  expect(rows).toMatchObject([{ email: 'Ann@example.com' }]);
  await connection.end();
});
