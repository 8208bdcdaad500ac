import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { SMTPServer } from 'smtp-server';
import { connectRedis, createDatabase, type TestDatabase } from '../helpers/apps/backends';
import { EXAMPLE, ExampleProcess } from '../helpers/apps/example-process';
import { eventually } from '../helpers/eventually';
import { guardFolder, releaseFolder } from '../helpers/servers/guard';

const folder = mkdtempSync(path.join(tmpdir(), 'visa-example-'));
const envFile = path.join(folder, '.env');
const dataFolder = path.join(folder, 'data');
const processes: ExampleProcess[] = [];

beforeAll(() => {
  guardFolder(folder);
  mkdirSync(path.join(dataFolder, 'postgres'), { recursive: true }); // PGlite, also on a Node that has SQLite
  try {
    execFileSync('curl', ['--version']);
  } catch {
    throw new Error('curl is missing: install it, because the example prints curl lines and this runs them');
  }
});
afterAll(async () => {
  for (const process of processes) process.signal('SIGKILL');
  await Promise.all(processes.map((process) => process.exit()));
  rmSync(folder, { recursive: true, maxRetries: 10 });
  releaseFolder(folder);
});

/** Starts the example on the folder of these tests. */
function launch(env: Record<string, string> = {}, args?: string[]): ExampleProcess {
  const process = new ExampleProcess({ ENV_FILE: envFile, DATA_DIR: dataFolder, ...env }, args);
  processes.push(process);
  return process;
}

const start = (env?: Record<string, string>) => launch(env).waitForOutput('listens on');

/** Runs a line as if it were pasted into a terminal. */
async function paste(line: string): Promise<Record<string, unknown>> {
  const options = { cwd: folder, timeout: 60_000, env: { ...process.env, NO_PROXY: '*' } };
  const { stdout } = await promisify(execFile)('bash', ['-c', line], options);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Another request with the cookies of the printed commands. */
const browse = (url: string, ...options: string[]) =>
  paste(`curl -s -b cookies.txt -c cookies.txt ${options.join(' ')} ${url}`);

const secretsOf = (file: string) => readFileSync(file, 'utf8').trim().split('\n').sort();
const lockFiles = () => readdirSync(dataFolder).filter((name) => name.endsWith('.lock'));

describe('without servers', () => {
  let example: ExampleProcess;

  test('the first start writes secrets that only the owner can read, and the printed commands work', async () => {
    example = await start();
    expect(statSync(envFile).mode & 0o777).toBe(0o600);
    expect(secretsOf(envFile)).toEqual([
      expect.stringMatching(/^ACCESS_TOKEN_SECRET=[\w-]{64}$/),
      expect.stringMatching(/^FACTOR_KEY=[\w-]{64}$/),
      expect.stringMatching(/^REFRESH_TOKEN_SECRET=[\w-]{64}$/),
    ]);

    const [register, verify, login, profile] = example.curlLines as [string, string, string, string];
    expect(await paste(register)).toEqual({ message: expect.stringContaining('A mail is on its way') });
    expect(await paste(verify)).toMatchObject({ user: { username: 'ann@example.com' } });
    expect(await paste(login)).toMatchObject({ message: 'Login successful' });
    expect(await paste(profile)).toMatchObject({ message: 'You are logged in', user: { roles: [] } });
  });

  test('a second start on the same folder is refused and names the first', async () => {
    const second = launch();
    expect(await second.exit()).toBe(1);
    expect(second.output).toContain(`is in use by process ${example.pid}`);
    expect(lockFiles()).toHaveLength(1);
    expect(await browse(`${example.url}/profile`)).toMatchObject({ message: 'You are logged in' });
  });

  test('account, session and secrets survive kill -9', async () => {
    const secrets = secretsOf(envFile);
    example.signal('SIGKILL');
    expect(await example.exit()).toBe('SIGKILL');

    example = await start();
    expect(secretsOf(envFile)).toEqual(secrets);
    expect(lockFiles()).toHaveLength(1);
    expect(await browse(`${example.url}/profile`)).toMatchObject({ message: 'You are logged in' });
    expect(await browse(`${example.url}/auth/refresh`, '-X POST')).toEqual({ message: 'Token refreshed' });
    const [register, verify, login, profile] = example.curlLines as [string, string, string, string];
    expect(await paste(register)).toEqual({ message: expect.stringContaining('A mail is on its way') });
    expect(await paste(verify)).toMatchObject({ code: 'ONE_TIME_TOKEN_INVALID' }); // the address is taken: no link
    expect(await paste(login)).toMatchObject({ message: 'Login successful' });
    expect(await paste(profile)).toMatchObject({ message: 'You are logged in' });
  });

  test('the start page is public, and an unknown path is a 404', async () => {
    expect(await paste(`curl -s ${example.url}/`)).toMatchObject({ user: null });
    expect(await browse(`${example.url}/`)).toMatchObject({ user: { roles: [] } });
    const nowhere = await fetch(`${example.url}/nowhere`);
    expect(nowhere.status).toBe(404);
    expect(await nowhere.json()).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('the example finishes requests on SIGTERM, even on two, and exits with 0', async () => {
    const login = request(`${example.url}/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Expect: '100-continue' },
    });
    login.flushHeaders();
    await once(login, 'continue'); // the request has arrived
    example.signal('SIGTERM');
    await example.waitForOutput('Stopping');
    example.signal('SIGTERM');
    login.end(JSON.stringify({ username: 'ann@example.com' })); // without a password to hash, which takes long on a busy machine
    const [answer] = (await once(login, 'response')) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(400);
    expect(await example.exit()).toBe(0);
    expect(lockFiles()).toEqual([]);
  });

  test('ADMIN_USERNAME makes an existing account an admin', async () => {
    example = await start({ ADMIN_USERNAME: 'nobody' });
    expect(example.output).toContain('there is no "nobody"');
    expect(await browse(`${example.url}/admin`)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await example.stop()).toBe(0);

    example = await start({ ADMIN_USERNAME: 'Ann@Example.com' });
    await browse(`${example.url}/auth/refresh`, '-X POST');
    expect(await browse(`${example.url}/admin`)).toEqual({ message: 'You are an admin' });
    expect(await example.stop()).toBe(0);
  });

  test('the example exits with 1 when the port is taken, and unlocks the folder', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    example = launch({ PORT: String(port) });
    expect(await example.exit()).toBe(1);
    other.close();
    expect(example.output).toContain(`port ${port} on 127.0.0.1 is taken: set PORT to another one`);
    expect(lockFiles()).toEqual([]);
  });
});

describe('settings', () => {
  const refused = async (env: Record<string, string>) => {
    const example = launch(env);
    expect(await example.exit()).toBe(1);
    return example.output;
  };

  test.each([
    ['PORT', 'abc'],
    ['PORT', '70000'],
    ['TRUST_PROXY', 'true'],
  ])('%s=%s is refused with the name of the variable', async (name, value) => {
    expect(await refused({ [name]: value })).toContain(`${name} must be`);
  });

  test('an existing secret is kept, and a missing one is added', async () => {
    const file = path.join(folder, 'half.env');
    const mine = `ACCESS_TOKEN_SECRET=${'mine'.repeat(16)}`;
    writeFileSync(file, `${mine}\nREFRESH_TOKEN_SECRET=\n# my port\nPORT=none`); // no newline at the end
    // The file's port is invalid too, but variables that are set win.
    expect(await refused({ ENV_FILE: file, PORT: 'abc' })).toContain('got "abc"');
    expect(readFileSync(file, 'utf8')).toMatch(
      new RegExp(
        `^${mine}\nREFRESH_TOKEN_SECRET=\n# my port\nPORT=none\nREFRESH_TOKEN_SECRET=[\\w-]{64}\nFACTOR_KEY=[\\w-]{64}\n$`,
      ),
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('mails', () => {
  test('production needs a mail server', async () => {
    const example = launch({ NODE_ENV: 'production' });
    expect(await example.exit()).toBe(1);
    expect(example.output).toContain('SMTP_URL is missing');
  });

  test('SMTP_URL sends the mails to a server, and there is no page of mails', async () => {
    const received: string[] = [];
    const smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData(stream, { envelope }, callback) {
        let text = `${envelope.rcptTo.map(({ address }) => address).join()} `;
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
        stream.on('end', () => {
          received.push(text);
          callback();
        });
      },
    });
    smtp.listen(0, '127.0.0.1');
    await once(smtp.server, 'listening');
    const { port } = smtp.server.address() as { port: number };
    const example = await start({
      SMTP_URL: `smtp://127.0.0.1:${port}`,
      MAIL_FROM: 'Example <hello@example.com>',
      BASE_URL: 'https://app.example.com',
    });
    const body = JSON.stringify({ username: 'bob@example.com', password: 'plum cake at seven' });
    const headers = { 'Content-Type': 'application/json', 'Accept-Language': 'en' };
    await fetch(`${example.url}/auth/register`, { method: 'POST', headers, body });
    await eventually('a mail arrives', () => Promise.resolve(received.length === 1));
    expect(received[0]).toMatch(/^bob@example\.com /);
    expect(received[0]).toContain('From: Example <hello@example.com>');
    expect(received[0]?.replaceAll('=\r\n', '')).toContain('https://app.example.com/verify-email#token=');
    expect((await fetch(`${example.url}/mails`)).status).toBe(404);
    expect(example.output).not.toContain('token=');
    expect(await example.stop()).toBe(0);
    await new Promise<void>((resolve) => smtp.close(resolve));
  });
});

test('exactly one of many processes that want a folder at once gets it', async () => {
  const lock = pathToFileURL(path.join(EXAMPLE, 'folder-lock.mjs')).href;
  const target = path.join(folder, 'wanted');
  const script = `
    import { lockFolder } from ${JSON.stringify(lock)};
    const target = ${JSON.stringify(target)};
    await lockFolder(target).then(() => console.log('mine'), (error) => console.log(error.message));
    setInterval(() => {}, 1000);`;
  const contend = () => launch({}, ['--input-type=module', '-e', script]);
  const contenders = Array.from({ length: 6 }, contend);
  await Promise.all(contenders.map((contender) => contender.waitForOutput('\n')));
  const winners = contenders.filter(({ output }) => output === 'mine\n');
  expect(winners).toHaveLength(1);

  const [winner] = winners as [ExampleProcess];
  winner.signal('SIGKILL');
  await winner.exit();
  // The file of a killed process locks nothing, even if another process has its id by now. Only Linux can tell them apart.
  if (process.platform === 'linux') writeFileSync(path.join(target, `process-${process.pid}-1.lock`), '');
  const next = contend();
  await next.waitForOutput('\n');
  expect(next.output).toBe('mine\n');
  expect(readdirSync(target)).toEqual([expect.stringContaining(`process-${next.pid}-`)]);
});

describe('on real servers', () => {
  const redis = connectRedis();
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(async () => {
    redis.disconnect();
    await database.close();
  });

  /** Runs the printed commands without cookies. @returns the user's id */
  async function logIn(example: ExampleProcess): Promise<string> {
    rmSync(path.join(folder, 'cookies.txt'), { force: true });
    const answers = [];
    for (const line of example.curlLines) answers.push(await paste(line));
    expect(answers).toMatchObject([{}, { user: {} }, { user: {} }, { message: 'You are logged in' }]);
    return (answers[1] as { user: { id: string } }).user.id;
  }

  /** The tokens in curl's cookie jar: the last column of each line is a value. */
  const tokens = () =>
    readFileSync(path.join(folder, 'cookies.txt'), 'utf8')
      .split('\n')
      .flatMap((line) => /\s(?:access|refresh)Token\s(\S+)$/.exec(line)?.[1] ?? []);

  test('PostgreSQL and Redis: from register to logout, and Redis holds no token', async () => {
    const example = await start({
      DATABASE_URL: database.url,
      REDIS_URL: String(process.env['TEST_REDIS_URL']),
    });
    expect(example.output).toContain('with users in PostgreSQL, sessions in Redis');
    const userId = await logIn(example);

    const key = `visa:{${userId}}`;
    const stored = JSON.stringify(await redis.hgetall(key));
    expect(tokens()).toHaveLength(2);
    // Redis doesn't hold a part of a token either: no header, payload or signature.
    for (const part of tokens().flatMap((token) => token.split('.'))) expect(stored).not.toContain(part);
    expect(stored.length).toBeGreaterThan(2);

    // Without -c the jar keeps the cookies after the logout, as a thief would.
    const kept = 'curl -s -b cookies.txt';
    expect(await paste(`${kept} -X POST ${example.url}/auth/logout`)).toEqual({ message: 'User Logout' });
    expect(await redis.exists(key)).toBe(0);
    expect(await paste(`${kept} ${example.url}/profile`)).toMatchObject({ code: 'SESSION_REVOKED' });
    expect(await paste(`${kept} -X POST ${example.url}/auth/refresh`)).toMatchObject({
      code: 'SESSION_NOT_FOUND',
    });
    expect(await example.stop()).toBe(0);
  });

  test('without Redis, PostgreSQL keeps the sessions too', async () => {
    const other = await createDatabase();
    const example = await start({ DATABASE_URL: other.url });
    const userId = await logIn(example);
    const { rows } = await other.pool.query('SELECT user_id FROM visa_refresh_tokens');
    expect(rows).toEqual([{ user_id: userId }]);
    expect(await example.stop()).toBe(0);
    await other.close();
  });
});

test('where Node has SQLite, accounts and sessions are in its file, survive kill -9, and two processes share them', async () => {
  const sqliteFolder = path.join(folder, 'sqlite');
  const node24 = path.join(EXAMPLE, '../test/libs/node_modules/node24/bin/node');
  const startOnSqlite = async () => {
    const env = { ENV_FILE: envFile, DATA_DIR: sqliteFolder };
    const example = new ExampleProcess(env, [path.join(EXAMPLE, 'server.mjs')], node24);
    processes.push(example);
    return example.waitForOutput('users and sessions in SQLite');
  };
  const first = await startOnSqlite();
  rmSync(path.join(folder, 'cookies.txt'), { force: true });
  const [register, verify, login, profile] = first.curlLines as [string, string, string, string];
  for (const line of [register, verify, login]) await paste(line);
  first.signal('SIGKILL');
  expect(await first.exit()).toBe('SIGKILL');
  const [second, third] = [await startOnSqlite(), await startOnSqlite()];
  for (const { url } of [second, third])
    expect(await paste(profile.replace(first.url, url))).toMatchObject({ message: 'You are logged in' });
  expect(readdirSync(sqliteFolder).filter((name) => name.endsWith('.lock'))).toEqual([]);
  for (const example of [second, third]) expect(await example.stop()).toBe(0);
});
