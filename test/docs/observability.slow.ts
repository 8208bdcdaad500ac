import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  AUTH_EVENT_NAMES,
  type AuditRecord,
  type AuthEventDetails,
  type AuthEventName,
} from '../../src/index';
import { AuthEvents } from '../../src/events/auth-events';
import { PASSWORD } from '../helpers/apps/app';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/servers/free-port';
import { useDocPage, type Browse } from '../helpers/snippets';
import { decodeToken, nonCanonical } from '../helpers/tokens/tokens';

const page = useDocPage('docs/observability.md');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'observability-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const post = (browse: Browse, where: string, body: object = {}) =>
  browse(`/auth/${where}`, { method: 'POST', body: JSON.stringify(body) });

/** Registers, fails to log in, logs in, refreshes with a forged token, and logs out. @returns the tokens */
async function useAuth(browse: Browse): Promise<{ accessToken: string; refreshToken: string }> {
  const ann = { username: 'ann', password: PASSWORD };
  await post(browse, 'register', ann);
  await post(browse, 'login', { ...ann, password: 'guess-by-eve' });
  await post(browse, 'login', { username: 'secret-in-the-wrong-field', password: 'ann' });
  const login = await post(browse, 'login', { ...ann, transport: 'body' });
  expect(login.status).toBe(200);
  const tokens = (await login.json()) as { accessToken: string; refreshToken: string };
  await post(browse, 'refresh', { refreshToken: nonCanonical(tokens.refreshToken) });
  await post(browse, 'logout', { refreshToken: tokens.refreshToken });
  return tokens;
}

const EXPECTED_EVENTS = [
  ['registered', ''],
  ['loginFailed', 'wrong-password'],
  ['loginFailed', 'unknown-user'],
  ['login', ''],
  ['refreshFailed', 'REFRESH_TOKEN_INVALID'],
  ['revoked', 'logout'],
];

test('listeners get one kind of event, or all of them', () => {
  const { listen } = page.evaluate('listen') as { listen: (auth: { events: AuthEvents }) => () => void };
  const info = jest.spyOn(console, 'info').mockReturnValue();
  const warn = jest.spyOn(console, 'warn').mockReturnValue();
  const events = new AuthEvents();
  const stop = listen({ events });
  const where = { ip: '192.0.2.1', userAgent: undefined };
  const theft = () => ({ userId: 'ann', sessionId: 'session', generation: 1, ...where });
  events.announce('reuse', theft);
  stop();
  events.announce('reuse', theft);
  expect([warn.mock.calls.length, info.mock.calls.length]).toEqual([2, 1]);
  jest.restoreAllMocks();
});

test('the audit log has one line of JSON for each record, without secrets, with hashed session ids', async () => {
  const file = path.join(folder, 'audit.log');
  const browse = await page.start('pino', { AUDIT_LOG: file });
  const { accessToken, refreshToken } = await useAuth(browse);
  const log = readFileSync(file, 'utf8');
  const lines = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ event, reason }) => [event, reason ?? ''])).toEqual(EXPECTED_EVENTS);
  expect(lines.map(({ level }) => level)).toEqual(['info', 'warn', 'warn', 'info', 'warn', 'info']);

  const sessionId = decodeToken(refreshToken).payload['sid'] as string;
  const session = createHash('sha256').update(sessionId).digest('base64url');
  const { userId, ...registered } = lines[0] ?? {};
  const where = { ip: expect.stringContaining('127.0.0.1') as string, userAgent: 'node' };
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;
  const success = { level: 'info', time, outcome: 'success', reason: null, ...where };
  expect(registered).toEqual({ ...success, event: 'registered', session: null, username: 'ann' });
  expect(lines[3]).toEqual({ ...success, event: 'login', userId, session });
  expect(lines[5]).toMatchObject({ userId, session, sessions: [session] });
  for (const secret of [PASSWORD, 'guess-by-eve', 'wrong-field', accessToken, refreshToken, sessionId])
    expect(log).not.toContain(secret);
});

/** The compiler checks this list against the code, and the test checks the page against this list. */
const RECORD: Record<keyof AuditRecord, true> = {
  ...{ time: true, event: true, outcome: true, reason: true, userId: true, session: true },
  ...{ ip: true, userAgent: true, username: true, nextSession: true, sessions: true },
  ...{ amr: true, replayed: true, generation: true, method: true, route: true, retryAfterSeconds: true },
  ...{ purpose: true, kind: true },
};

test('the table of the audit log names every member of a record', () => {
  const text = readFileSync(path.join(__dirname, '../../docs/observability.md'), 'utf8');
  const table = text.slice(text.indexOf('## An audit log'), text.indexOf('With pino'));
  const members = Array.from(table.matchAll(/^\| `(\w+)`/gm), ([, member]) => member);
  expect(members).toEqual(Object.keys(RECORD));
});

test('Prometheus: a separate port has counters with bounded labels and a gauge for revocations', async () => {
  const port = String(await freePort());
  const browse = await page.start('prometheus', { METRICS_PORT: port });
  const scrape = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  await eventually('revocations are heard', async () =>
    (await scrape()).includes('auth_revocations_current 1\n'),
  );
  expect((await browse('/metrics')).status).toBe(404);
  const before = await scrape();
  for (const name of AUTH_EVENT_NAMES)
    expect(before).toContain(`auth_events_total{type="${name}",reason=""} `);

  await useAuth(browse);
  const after = await scrape();
  for (const [type, reason] of EXPECTED_EVENTS)
    expect(after).toContain(`auth_events_total{type="${type}",reason="${reason}"} 1\n`);
  expect(after).not.toMatch(/ann|wrong-field|127\.0\.0\.1/);
  expect(page.unmarked.join()).toContain('auth_revocations_current == 0');
});

test('OpenTelemetry: each event is counted and is on the span of its request, with the right http.route', async () => {
  const file = path.join(folder, 'telemetry.json');
  const sdk = pathToFileURL(path.join(__dirname, '../helpers/telemetry.mjs')).href;
  const browse = await page.start('opentelemetry', {
    NODE_OPTIONS: `--import ${sdk}`,
    TELEMETRY_FILE: file,
  });
  await useAuth(browse);
  interface Reported {
    name: string;
    attributes: Record<string, string>;
  }
  interface Telemetry {
    points: (Reported & { value: number })[];
    spans: (Reported & { events: Reported[] })[];
  }
  const read = () => JSON.parse(readFileSync(file, 'utf8')) as Telemetry;
  await eventually('the last request is reported', async () => {
    await Promise.resolve(); // for the linter; `read` throws until the file exists
    return read().spans.some(({ name }) => name === 'POST /auth/logout');
  });
  const { points, spans } = read();
  const attributes = (type = '', reason = '') => ({ 'auth.event': type, 'auth.reason': reason });
  expect(points).toEqual(
    EXPECTED_EVENTS.map(([type, reason]) => ({
      ...{ name: 'auth.events', value: 1 },
      attributes: attributes(type, reason),
    })),
  );
  const routes = ['register', 'login', 'login', 'login', 'refresh', 'logout'];
  expect(spans.filter(({ events }) => events.length > 0)).toEqual(
    EXPECTED_EVENTS.map(([type, reason], request) => ({
      name: `POST /auth/${routes[request]}`,
      attributes: { 'http.route': `/auth/${routes[request]}` },
      events: [{ name: 'auth.event', attributes: attributes(type, reason) }],
    })),
  );
});

/** The compiler checks this list against the code, and the test checks the page against this list. */
const MEMBERS: { [Name in AuthEventName]: Record<keyof AuthEventDetails[Name], true> } = {
  registered: { userId: true, username: true, ip: true, userAgent: true },
  registerFailed: { username: true, code: true, ip: true, userAgent: true },
  login: { userId: true, sessionId: true, amr: true, ip: true, userAgent: true },
  loginFailed: { username: true, userId: true, reason: true, problem: true, ip: true, userAgent: true },
  locked: {
    ...{ limit: true, key: true, retryAfterSeconds: true },
    ...{ userId: true, sessionId: true, ip: true, userAgent: true },
  },
  refresh: { userId: true, sessionId: true, replayed: true, ip: true, userAgent: true },
  replayedElsewhere: { userId: true, sessionId: true, generation: true, ip: true, userAgent: true },
  refreshFailed: { userId: true, sessionId: true, code: true, ip: true, userAgent: true },
  reuse: { userId: true, sessionId: true, generation: true, ip: true, userAgent: true },
  revoked: { userId: true, sessionIds: true, reason: true, ip: true, userAgent: true },
  passwordChanged: { userId: true, sessionId: true, nextSessionId: true, ip: true, userAgent: true },
  passwordChangeFailed: { userId: true, sessionId: true, code: true, ip: true, userAgent: true },
  registrationStarted: { userId: true, ip: true, userAgent: true },
  emailVerified: { userId: true, ip: true, userAgent: true },
  passwordResetAsked: { userId: true, ip: true, userAgent: true },
  passwordReset: { userId: true, ip: true, userAgent: true },
  emailChangeAsked: { userId: true, ip: true, userAgent: true },
  emailChanged: { userId: true, ip: true, userAgent: true },
  emailChangeUndone: { userId: true, ip: true, userAgent: true },
  loginLinkAsked: { userId: true, ip: true, userAgent: true },
  loginCodeAsked: { userId: true, ip: true, userAgent: true },
  oneTimeTokenRefused: { purpose: true, userId: true, ip: true, userAgent: true },
  factorAdded: { userId: true, sessionId: true, kind: true, factorId: true, ip: true, userAgent: true },
  factorRemoved: { userId: true, sessionId: true, kind: true, factorId: true, ip: true, userAgent: true },
  factorFailed: { userId: true, kind: true, reason: true, ip: true, userAgent: true },
  recoveryCodeUsed: { userId: true, left: true, ip: true, userAgent: true },
  recoveryCodesRenewed: { userId: true, sessionId: true, ip: true, userAgent: true },
  deviceTrusted: { userId: true, sessionId: true, deviceId: true, ip: true, userAgent: true },
  deviceEnded: { userId: true, sessionId: true, deviceIds: true, ip: true, userAgent: true },
  reauthenticated: { userId: true, sessionId: true, amr: true, ip: true, userAgent: true },
  reauthenticateFailed: { userId: true, sessionId: true, code: true, ip: true, userAgent: true },
  mailFailed: { kind: true, userId: true, error: true },
  refused: {
    ...{ code: true, method: true, route: true },
    ...{ userId: true, sessionId: true, ip: true, userAgent: true },
  },
  flowStateFailed: { reason: true, ip: true, userAgent: true },
  revocations: { current: true, error: true },
  unavailable: { error: true },
};

test('the table names every event, in order, with every member', () => {
  const text = readFileSync(path.join(__dirname, '../../docs/observability.md'), 'utf8');
  const table = text.slice(text.indexOf('## The events'), text.indexOf('## Which events an action causes'));
  const rows = Array.from(
    table.matchAll(/^\| `(\w+)` +\| [^|]+\| ([^|]+)\|$/gm),
    ([, name, members = '']) => [
      name,
      Array.from(
        members.replace('_where_', '`ip`, `userAgent`').matchAll(/`(\w+)`/g),
        ([, member]) => member,
      ),
    ],
  );
  expect(rows).toEqual(AUTH_EVENT_NAMES.map((name) => [name, Object.keys(MEMBERS[name])]));
});
