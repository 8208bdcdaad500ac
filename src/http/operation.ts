import type { AnswerSchemas } from './answer-schemas.js';
import type { Bodies } from './body-schemas.js';
import type { AuthErrorCode } from '../errors.js';

/** How an endpoint is described: one row of the HTTP contract. */
export interface Operation {
  /** The name of the function in generated clients. */
  readonly id: string;
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  readonly description: string;
  readonly needs: 'nothing' | 'access token' | 'refresh token' | 'any token';
  readonly body?: { readonly name: keyof Bodies; readonly required: boolean };
  readonly idempotencyKey?: true;
  /** 204 where there is no answer to describe. */
  readonly success: { readonly status?: 201; readonly text: string; readonly answer?: AnswerName };
  /** What a success does to the cookies; always, or where the description says so. */
  readonly cookies?: { readonly always: boolean; readonly text: string };
  readonly failures: readonly AuthErrorCode[];
  /** Those that are 404 here, whatever their status is elsewhere. */
  readonly notFound?: readonly AuthErrorCode[];
  /** The name of its 401s, where they are not just the guard's. */
  readonly unauthorized?: string;
  readonly unauthorizedClearsCookies?: true;
}

type AnswerName = keyof AnswerSchemas;

/** `GET /sessions/:id`, as the router's table has it. */
export type Endpoint = `${Uppercase<string>} /${string}`;

export const TAGS = {
  Login: 'Log in, stay logged in, log out.',
  User: 'Who is logged in.',
  Sessions: 'The devices on which the user is logged in: one session each.',
  Account: 'Registration, and the password.',
} as const;
