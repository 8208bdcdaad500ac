import { PostgresUserStore } from '../../src/index';
import { PASSWORD } from '../helpers/apps/app';
import { postJson } from '../helpers/post-json';
import { useDocPage } from '../helpers/snippets';

const page = useDocPage('docs/registration.md');

const answerOf = async (response: Response) => [response.status, await response.json()] as const;
const count = async (from: string) =>
  (await page.database.pool.query<{ n: number }>(`SELECT count(*)::integer AS n FROM ${from}`)).rows[0]?.n;

test('a store of the app keeps the fields of a registration in its own table, from JSON and from a form', async () => {
  await page.database.pool.query(`
    CREATE TABLE accounts (id serial PRIMARY KEY, email text NOT NULL, password_hash text, name text, company text);
    CREATE UNIQUE INDEX ON accounts (lower(email))`);
  const browse = await page.start(['own-table', 'schema']);
  const ann = { email: 'ann@example.com', password: PASSWORD, name: ' Ann ', company: 'Acme' };

  const refused = await answerOf(
    await browse('/auth/register', postJson({ ...ann, name: '', rol: 'admin' })),
  );
  expect(refused).toEqual([
    400,
    expect.objectContaining({ errors: [expect.objectContaining({ path: 'name' })] }),
  ]);
  const unknown = await answerOf(await browse('/auth/register', postJson({ ...ann, rol: 'admin' })));
  expect(unknown).toMatchObject([400, { errors: [{ path: 'rol', message: 'is not known' }] }]);
  expect(await count('accounts')).toBe(0);

  expect((await browse('/auth/register', postJson(ann))).status).toBe(201);
  expect((await browse('/auth/register', postJson({ ...ann, email: 'ANN@example.com' }))).status).toBe(409);
  const { email, password } = ann;
  expect((await browse('/auth/login', postJson({ email, password }))).status).toBe(200);

  const form = new URLSearchParams({
    email: 'bob@example.com',
    password,
    name: 'Bob',
    _csrf: 'x',
    action: 'go',
  });
  const posted = await browse('/sign-up', {
    method: 'POST',
    body: form.toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    redirect: 'manual',
  });
  expect([posted.status, posted.headers.get('location')]).toEqual([303, '/login']);
  const { rows } = await page.database.pool.query('SELECT email, name, company FROM accounts ORDER BY id');
  expect(rows).toEqual([
    { email: 'ann@example.com', name: 'Ann', company: 'Acme' },
    { email: 'bob@example.com', name: 'Bob', company: null },
  ]);
});

test('register.create makes user and profile in one transaction', async () => {
  await new PostgresUserStore(page.database.pool).migrate();
  await page.database.pool.query(
    'CREATE TABLE profiles (user_id text PRIMARY KEY, name varchar(20) NOT NULL)',
  );
  const browse = await page.start('create');
  const register = (username: string, name: string) =>
    browse('/auth/register', postJson({ username, password: PASSWORD, name }));

  expect((await register('ann', 'Ann')).status).toBe(201);
  expect((await answerOf(await register('Ann', 'Ann again')))[1]).toMatchObject({ code: 'USERNAME_TAKEN' });
  expect((await register('bob', 'a name that the table has no room for')).status).toBe(500);
  expect([await count('visa_users'), await count('profiles')]).toEqual([1, 1]);
});

test('a route of the app registers with the rules of the package, and logs the user in', async () => {
  page.write(
    'users.mjs',
    "import { MemoryUserStore } from 'passport-visa';\nexport const users = new MemoryUserStore();",
  );
  const browse = await page.start('own-route');
  const join = (body: object) => browse('/members', postJson(body));
  const errorsOf = async (body: object) => {
    const [status, { errors }] = (await answerOf(await join(body))) as [number, { errors: string[] }];
    expect(status).toBe(422);
    return errors;
  };
  expect(await errorsOf({})).toEqual(['username is required', 'password is required']);
  expect(await errorsOf({ username: 'ann', password: 'password' })).toEqual([
    expect.stringMatching(/^password .*common/),
  ]);
  for (const username of [5, [], '', ' ', 'an\0n', 'an\nn', 'a\u200bnn', 'a'.repeat(255)])
    expect(await errorsOf({ username, password: PASSWORD })).toEqual([expect.stringMatching(/^username /)]);
  expect((await browse('/auth/check')).status).toBe(401);

  const ann = { username: 'ann', password: PASSWORD };
  expect(await answerOf(await join(ann))).toEqual([
    201,
    { member: { id: expect.any(String), username: 'ann' } },
  ]);
  expect((await browse('/auth/check')).status).toBe(200);
  expect(await answerOf(await join(ann))).toMatchObject([409, { code: 'USERNAME_TAKEN' }]);
  expect((await browse('/auth/register', postJson(ann))).status).toBe(404);
  expect((await browse('/auth/login', postJson(ann))).status).toBe(200);
});
