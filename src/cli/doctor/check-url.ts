import { reasonOf } from '../describe-error.js';
import { judgeClock } from './check-clock.js';
import { checkJwks } from './check-jwks.js';
import { findingsAbout, type Finding } from './finding.js';

/** For all requests of the check together. */
const TIME_LIMIT_MS = 5000;
/** A reserved name (RFC 2606 §2), which no site can have. */
const FOREIGN_ORIGIN = 'https://doctor.invalid';
const { ok, warn, fail } = findingsAbout('url');

export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

/** Looks at a running app from outside, without a login. @param base the URL where `auth.router` is mounted */
export async function checkUrl(base: URL, fetchFrom: Fetch = fetch): Promise<Finding[]> {
  const signal = AbortSignal.timeout(TIME_LIMIT_MS);
  const request: Send = (path, init = {}) =>
    fetchFrom(new URL(`${base.href.replace(/\/$/, '')}${path}`), { ...init, signal, redirect: 'manual' });
  try {
    const check = await request('/check');
    const identity = await judgeCheck(check);
    if (identity.level === 'fail') return [identity];
    return [
      identity,
      ...judgeTransport(base, check),
      ...judgeDate(check),
      ...(await judgeLogout(base, request)),
      ...(await checkJwks(request)),
      ...(await judgePlainHttp(base, (url) => fetchFrom(url, { signal, redirect: 'manual' }))),
    ];
  } catch (error) {
    // The message of `fetch` only says that it failed. Its cause says why.
    const { cause = error } = error as Error;
    const reason = signal.aborted ? `no answer within ${TIME_LIMIT_MS / 1000} s` : reasonOf(cause);
    return [
      fail(`${base.origin} can't be reached: ${reason}`, 'start the app, and see whether --url leads to it'),
    ];
  }
}

type Send = (path: string, init?: RequestInit) => Promise<Response>;

async function judgeCheck(response: Response): Promise<Finding> {
  const body: unknown = await response.json().catch(() => undefined);
  const code = (body as { code?: unknown } | null | undefined)?.code;
  if (response.status !== 401 || code !== 'NO_ACCESS_TOKEN')
    return fail(
      `/check answered ${response.status} and not as passport-visa does`,
      'give the URL at which auth.router is mounted, such as https://app.example.com/auth',
    );
  if (response.headers.get('cache-control')?.includes('no-store'))
    return ok('/check answers 401 NO_ACCESS_TOKEN, and is not cached');
  return warn('/check answers without Cache-Control: no-store', 'let the proxy pass the header on');
}

function judgeTransport(base: URL, { headers }: Response): Finding[] {
  if (base.protocol === 'http:') {
    const cure = 'serve over HTTPS';
    return [
      isLoopback(base)
        ? warn('it is plain HTTP, which is for your own machine alone', cure)
        : fail('it is plain HTTP: whoever listens can log in as anybody', cure),
    ];
  }
  const maxAge = /max-age="?(\d+)/i.exec(headers.get('strict-transport-security') ?? '')?.[1];
  return [
    Number(maxAge) > 0
      ? ok('Strict-Transport-Security is set')
      : warn('Strict-Transport-Security is not set', 'send Strict-Transport-Security: max-age=31536000'),
  ];
}

function judgeDate({ headers }: Response): Finding[] {
  const date = Date.parse(headers.get('date') ?? '');
  // The header has whole seconds only. On average the clock is half a second ahead of it.
  return Number.isNaN(date) ? [] : [judgeClock('url', date + 500 - Date.now())];
}

/** A logout without tokens ends nothing, but its answer shows how the app sets cookies. */
async function judgeLogout(base: URL, send: Send): Promise<Finding[]> {
  const own = await send('/logout', { method: 'POST', headers: { Origin: base.origin } });
  const foreign = await send('/logout', { method: 'POST', headers: { Origin: FOREIGN_ORIGIN } });
  return [
    own.status === 403 ? await judgeLostOrigin(base, send) : ok('it knows its own origin'),
    foreign.status === 403
      ? ok('it refuses requests of other sites')
      : fail('it takes requests of other sites', 'let the proxy pass Origin and Host on as they come'),
    ...judgeCookies(base, own.headers.getSetCookie()),
  ];
}

/** The app doesn't know its own origin: either the proxy drops the port, or Express doesn't know of the proxy. */
async function judgeLostOrigin(base: URL, send: Send): Promise<Finding> {
  const withoutPort = `${base.protocol}//${base.hostname}`;
  const dropsPort =
    base.port !== '' &&
    (await send('/logout', { method: 'POST', headers: { Origin: withoutPort } })).status !== 403;
  const message = 'it takes its own pages for those of another site';
  return dropsPort
    ? fail(
        `${message}: the proxy before it drops the port ${base.port}`,
        'let the proxy pass the whole Host header on, in nginx: proxy_set_header Host $http_host',
      )
    : fail(message, "tell Express of the proxy before it: app.set('trust proxy', 1) for one hop");
}

export function judgeCookies(base: URL, lines: readonly string[]): Finding[] {
  if (lines.length === 0) return [warn('no Set-Cookie header came', 'let the proxy pass it on')];
  return lines.map((line) => {
    const name = line.split('=', 1)[0] ?? '';
    const attributes = line.split(';').map((part) => part.trim().toLowerCase());
    const lacks = (attribute: string) => !attributes.includes(attribute);
    if (lacks('httponly'))
      return fail(`the cookie ${name} is not HttpOnly`, 'let the proxy pass Set-Cookie on as it is');
    if (lacks('secure') && base.protocol === 'https:')
      return fail(`the cookie ${name} is not Secure`, 'set NODE_ENV=production or cookies.secure: true');
    const sameSite = attributes.find((each) => each.startsWith('samesite=')) ?? 'no SameSite';
    if (!/=(strict|lax)$/.test(sameSite))
      return warn(`the cookie ${name} has ${sameSite}`, "set cookies.sameSite to 'strict' or 'lax'");
    return ok(`the cookie ${name}: HttpOnly, ${lacks('secure') ? '' : 'Secure, '}${sameSite}`);
  });
}

/** Skipped when HTTPS has a port of its own, because then the port of plain HTTP is unknown. */
async function judgePlainHttp(base: URL, get: (url: URL) => Promise<Response>): Promise<Finding[]> {
  if (base.protocol !== 'https:' || base.port !== '') return [];
  const plain = new URL(base.href.replace(/^https:/, 'http:').replace(/\/$/, '') + '/check');
  const response = await get(plain).catch(() => undefined);
  if (!response) return [ok('plain HTTP is closed')];
  const isRedirect = response.status >= 300 && response.status < 400;
  if (isRedirect && response.headers.get('location')?.startsWith('https:'))
    return [ok('plain HTTP leads to HTTPS')];
  return [warn(`plain HTTP answers ${response.status}`, 'redirect http:// to https://, or close the port')];
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
