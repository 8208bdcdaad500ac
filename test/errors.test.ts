import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUTH_FAILURES, AuthError, UsernameTakenError, type AuthErrorCode } from '../src';
import { serviceUnavailable, validationFailed } from '../src/errors';
import { refusedField } from '../src/messages/rule';

const CODES = Object.keys(AUTH_FAILURES) as AuthErrorCode[];

describe('docs/errors.md', () => {
  const text = readFileSync(join(__dirname, '../docs/errors.md'), 'utf8');
  const sections = text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const fields = [...section.matchAll(/^- (\w+): (.+)$/gm)].map(([, name, value]) => [name, value]);
      return {
        code: section.split('\n')[0] ?? '',
        ...(Object.fromEntries(fields) as Record<string, string>),
      };
    });

  test('has a section for each code, in the same order, and no others', () => {
    expect(sections.map(({ code }) => code)).toEqual(CODES);
  });

  test.each(sections)('gives the status and message that $code has', (section: Record<string, string>) => {
    const { status, message } = AUTH_FAILURES[section['code'] as AuthErrorCode];
    expect(Object.keys(section)).toEqual(['code', 'Status', 'Message', 'When', 'Client']);
    expect(section['Status']).toMatch(/^\d{3}( \(404 for `DELETE \/sessions\/:id`\))?$/);
    expect(Number(section['Status']?.slice(0, 3))).toBe(status);
    expect(section['Message']).toBe(message);
  });

  test('names no code that does not exist', () => {
    const named = text.match(/\b[A-Z]{3,}(_[A-Z]+)+\b/g) ?? [];
    expect(named.filter((each) => each !== 'AUTH_FAILURES' && !(each in AUTH_FAILURES))).toEqual([]);
  });
});

describe('AuthError', () => {
  test.each(CODES)('%s has its status and message, and its JSON has no more than the contract', (code) => {
    const error = new AuthError(code, { cause: new Error('inner'), retryAfterSeconds: 2, maxAgeSeconds: 5 });
    const { status, message } = AUTH_FAILURES[code];
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'AuthError',
      code,
      status,
      message,
      retryAfterSeconds: 2,
      maxAgeSeconds: 5,
    });
    expect(JSON.parse(JSON.stringify(error))).toEqual({ code, message });
  });

  test('an AuthError keeps its cause for logs, and never shows it in its JSON', () => {
    const cause = new Error('connect ECONNREFUSED 10.0.0.5:5432');
    const error = serviceUnavailable(cause);
    expect(error.cause).toBe(cause);
    expect(error.retryAfterSeconds).toBeGreaterThan(0);
    expect(JSON.stringify(error)).not.toMatch(/10\.0\.0\.5|stack|cause/);
    expect('cause' in new AuthError('FORBIDDEN')).toBe(false);
  });

  test('lists the fields at fault', () => {
    const errors = [{ path: 'username', message: 'is required' }];
    expect(JSON.parse(JSON.stringify(validationFailed(...errors)))).toEqual({
      code: 'VALIDATION_FAILED',
      message: 'Validation failed',
      errors,
    });
  });

  test('says in English which rule a field broke, and leaves the parameters for other languages out of the JSON', () => {
    const error = validationFailed(refusedField('password', { key: 'tooShort', params: { count: 8 } }));
    const errors = [{ path: 'password', message: 'must be at least 8 characters long' }];
    expect(error.message).toBe('Validation failed');
    expect(error.errors).toMatchObject(errors);
    expect(JSON.parse(JSON.stringify(error)).errors).toEqual(errors);
  });

  test('sets retryAfterSeconds for an outage, and keeps a given value', () => {
    expect(new AuthError('SERVICE_UNAVAILABLE').retryAfterSeconds).toBe(2);
    expect(new AuthError('SERVICE_UNAVAILABLE', { retryAfterSeconds: 30 }).retryAfterSeconds).toBe(30);
    expect(new AuthError('FORBIDDEN').retryAfterSeconds).toBeUndefined();
  });

  test('takes the other status of a code that has two', () => {
    expect(new AuthError('SESSION_NOT_FOUND', { status: 404 }).status).toBe(404);
  });
});

test('UsernameTakenError is the AuthError that a store throws', () => {
  const cause = new Error('duplicate key');
  const error = new UsernameTakenError({ cause });
  expect(error).toBeInstanceOf(AuthError);
  expect(error).toMatchObject({ name: 'UsernameTakenError', code: 'USERNAME_TAKEN', status: 409, cause });
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    code: 'USERNAME_TAKEN',
    message: 'Username is already taken',
  });
});

test('only 401 failures have a challenge', () => {
  const challenged = Object.values(AUTH_FAILURES).filter((failure) => 'challenge' in failure);
  expect(new Set(challenged.map(({ status }) => status))).toEqual(new Set([401]));
});
