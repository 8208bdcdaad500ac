import { inspect } from 'node:util';
import { AUTH_FAILURES, type AuthErrorCode } from '../../src/errors';
import { ACCESS_SECRET, REFRESH_SECRET } from '../helpers/apps/app';
import { valuesOf, type Answer } from './exchange';
import type { FuzzedApp } from './fuzzed-app';

/** Stack traces, file names, SQL, Lua, names of the servers and packages behind the app, hashes. */
const INTERNALS =
  /\bat .{1,80}:\d+:\d+|\.[jt]s:\d|node_modules|\b(select|insert into|update|delete from) .*\bvisa_|syntax error|redis|ioredis|\blua\b|postgres|\$2[aby]\$|ECONN/i;

const PROTOTYPES = [
  Object.prototype,
  Array.prototype,
  Function.prototype,
  String.prototype,
  Promise.prototype,
];
const shapeOf = () =>
  inspect(
    PROTOTYPES.map((each) => Reflect.ownKeys(each)),
    { maxArrayLength: null },
  );
const SHAPE = shapeOf();

/** Checks everything that must hold for every answer. @returns the code of a failure, or the status */
export function judge(app: FuzzedApp, method: string, answer: Answer): string {
  const { status, body } = answer;
  const reached = valuesOf(answer, 'x-reached').length > 0;
  const whole = `${inspect(answer.headers)}\n${body}`;
  expect(whole).not.toMatch(INTERNALS);
  for (const secret of [ACCESS_SECRET, REFRESH_SECRET, ...app.answerSecrets])
    expect(whole).not.toContain(secret);
  expect(shapeOf()).toBe(SHAPE);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();

  if (!reached) {
    expect([400, 408, 413, 417, 431, 501, 505]).toContain(status);
    return `Node ${status}`;
  }
  expect(status).toBeLessThan(500);
  if (status === 401)
    expect(valuesOf(answer, 'www-authenticate')).toEqual([expect.stringMatching(/^Bearer/)]);
  if (status === 429) expect(valuesOf(answer, 'retry-after')).toEqual([expect.stringMatching(/^[1-9]\d*$/)]);
  if (givesTokens(answer)) expect(valuesOf(answer, 'cache-control')).toEqual(['no-store']);
  for (const location of valuesOf(answer, 'location'))
    expect(new URL(location, 'http://this.app').origin).toBe('http://this.app');
  return status >= 400 && method !== 'HEAD' ? judgeFailure(answer) : String(status);
}

function judgeFailure(answer: Answer): string {
  const failure = JSON.parse(answer.body) as { code: AuthErrorCode; message: string; errors?: object[] };
  if (String(failure.code) === 'APP_NOT_FOUND') return failure.code;
  expect(valuesOf(answer, 'content-type')).toEqual(['application/json; charset=utf-8']);
  expect(valuesOf(answer, 'cache-control')).toEqual(['no-store']);
  expect(Object.keys(AUTH_FAILURES)).toContain(failure.code);
  const { status } = AUTH_FAILURES[failure.code];
  expect(failure.code === 'SESSION_NOT_FOUND' ? [401, 404] : [status]).toContain(answer.status);
  expect(failure.message).toMatch(/./);
  const members = failure.code === 'VALIDATION_FAILED' ? ['code', 'message', 'errors'] : ['code', 'message'];
  expect(Object.keys(failure)).toEqual(members);
  for (const each of failure.errors ?? [])
    expect(each).toEqual({ path: expect.any(String), message: expect.any(String) });
  return failure.code;
}

function givesTokens(answer: Answer): boolean {
  const cookies = valuesOf(answer, 'set-cookie');
  return (
    cookies.some((line) => /^(access|refresh)Token=[^;]/.test(line)) || /"accessToken":/.test(answer.body)
  );
}

/** Events must contain no password, token or hash, and no line breaks: with these a client could forge a line of a log. */
export function judgeEvents(app: FuzzedApp): void {
  for (const event of app.events.splice(0)) {
    const whole = inspect(event, { depth: 8 });
    for (const secret of app.eventSecrets) expect(whole).not.toContain(secret);
    for (const value of Object.values(event))
      if (typeof value === 'string') expect(value).not.toMatch(/\p{Cc}/u);
  }
}
