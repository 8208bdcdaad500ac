import type { z } from 'zod';
import type { AuthErrorCode } from '../errors.js';

/** How an endpoint is described in OpenAPI. */
export interface Operation {
  /** The name of the function in generated clients. */
  readonly id: string;
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  readonly description: string;
  readonly needs: 'nothing' | 'access token' | 'refresh token' | 'any token';
  /** `form`: an HTML form is read too. */
  readonly body?: { readonly schema: z.ZodType; readonly required: boolean; readonly form?: true };
  /** What the parameters of its path are, by name: `id`. */
  readonly parameters?: Readonly<Record<string, { description: string; example: string }>>;
  readonly idempotencyKey?: true;
  readonly success: {
    readonly status?: 201 | 202;
    readonly text: string;
    /** Made when the document is asked for: most processes never do. Left out: 204, without a body. */
    readonly answer?: () => z.ZodType;
    /**
     * `revalidate`: caches may keep the answer, and ask each time whether it is current. `minutes`: they may use it without asking for
     * some minutes. Default: no cache may keep it.
     */
    readonly cache?: 'revalidate' | 'minutes';
  };
  /** What a success does to the cookies: always, or where the text says so. */
  readonly cookies?: { readonly always: boolean; readonly text: string };
  /** A user may call it who must enrol a second factor first. Default: not, where it needs an access token. */
  readonly beforeEnrolment?: true;
  /** It starts a session, so the codes of the features' checks before a session are among its failures. */
  readonly startsSession?: true;
  readonly failures: readonly AuthErrorCode[];
  /** Codes that are 404 here, whatever their status is elsewhere. */
  readonly notFound?: readonly AuthErrorCode[];
  /** The name of its 401s, where they are not only the guard's. */
  readonly unauthorized?: string;
  readonly unauthorizedClearsCookies?: true;
}

/** How long the public keys may be used without asking again. A new key must be known for so long before it signs. */
export const KEYS_MAX_AGE_SECONDS = 300;

export const TAGS = {
  Login: 'Log in, stay logged in, log out.',
  User: 'Who is logged in.',
  Sessions: 'The devices on which the user is logged in: one session each.',
  Account: 'Registration, and the password.',
  Keys: 'What other services verify access tokens with.',
  Description: 'This document.',
} as const;

/** What `parseBody` and `validateBody` refuse, whether or not the endpoint needs a body. */
export const BODY_FAILURES = [
  'VALIDATION_FAILED',
  'MALFORMED_BODY',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
] as const satisfies AuthErrorCode[];

/** What a plain guard refuses. */
export const GUARD_FAILURES = [
  'NO_ACCESS_TOKEN',
  'ACCESS_TOKEN_EXPIRED',
  'ACCESS_TOKEN_INVALID',
  'SESSION_REVOKED',
] as const satisfies AuthErrorCode[];
