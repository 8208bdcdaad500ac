import { PASSWORD } from '../helpers/apps/app';
import { encodeBody, type SentToken, type FuzzedBody, type FuzzedRequest, type Value } from './requests';
import { CANARY, type FuzzedApp } from './fuzzed-app';

const GOOD_BODIES: Record<string, object> = {
  '/auth/register': { username: 'mallory', password: PASSWORD },
  '/auth/login': { username: 'mallory', password: PASSWORD },
  '/form/login': { username: 'mallory', password: PASSWORD, remember: 'on' },
  '/form/login-plain': { username: 'mallory', password: PASSWORD },
  // The new password is the same, because mallory has to log in again later.
  '/auth/password': { currentPassword: PASSWORD, newPassword: PASSWORD },
};

const good = (token: SentToken['token']): SentToken => ({ token, of: 'mallory', mutation: { kind: 'none' } });
const GOOD = { access: good('accessToken'), refresh: good('refreshToken') };

/** The bytes of the request. */
export function bytesOf(app: FuzzedApp, request: FuzzedRequest): Buffer {
  const id = request.id.replace(/\{(mallory|victim)\}/, (_, who) => app.sidOf(who as 'mallory' | 'victim'));
  const text = (value: Value) => (typeof value === 'string' ? value : app.tokenText(value));
  const lines = [
    `${request.method} ${request.path.replace('{id}', id)}${request.query} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: close',
    ...(request.loggedIn === 'by header' ? [`Authorization: Bearer ${app.tokenText(GOOD.access)}`] : []),
    ...request.headers.map(([name, prefix, value]) => `${name}: ${prefix}${text(value)}`),
  ];
  const cookies = request.cookies.map(([name, value]) => `${name}=${text(value)}`);
  if (request.loggedIn === 'by cookies')
    cookies.push(`accessToken=${app.tokenText(GOOD.access)}`, `refreshToken=${app.tokenText(GOOD.refresh)}`);
  if (cookies.length > 0) lines.push(`Cookie: ${cookies.join(request.separator)}`);
  const body = encodeBody(bodyText(app, request), request.body.coding);
  if (request.body.kind !== 'none') lines.push(...bodyHeaders(request.body, body));
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), ...bodyPart(request, body)]);
}

function bodyPart({ body }: FuzzedRequest, bytes: Buffer): Buffer[] {
  return body.kind === 'none' ? [] : [bytes];
}

function bodyHeaders({ kind, type, coding }: FuzzedBody, bytes: Buffer): string[] {
  const charset = coding === 'utf-16le' ? '; charset=utf-16le' : '';
  const isChunked = coding === 'chunked' && bytes.length > 0;
  return [
    `Content-Type: ${kind === 'form' ? 'application/x-www-form-urlencoded' : type + charset}`,
    isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes.length}`,
    ...(coding.endsWith('gzip') ? ['Content-Encoding: gzip'] : []),
  ];
}

function bodyText(app: FuzzedApp, { path, body }: FuzzedRequest): string {
  if (body.kind === 'text') return body.text;
  if (body.kind === 'json') return JSON.stringify({ password: CANARY, a: body.text });
  const token = body.token && { refreshToken: app.tokenText(body.token) };
  const members = { ...GOOD_BODIES[path], ...token, ...withCanary(body.changes) };
  if (body.kind === 'near') return JSON.stringify(members);
  const fields = Object.entries(members).map(([name, value]): [string, string] => [
    name.toWellFormed(),
    (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toWellFormed(),
  ]);
  return new URLSearchParams(fields).toString();
}

function withCanary(changes: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(changes).map(([name, value]) => {
    const isPassword = /password/i.test(name) && typeof value === 'string';
    return [name, isPassword ? `${CANARY}${value}` : value];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}
