/** The error of a failed call. Branch on `code`. With `NETWORK_ERROR`, `cause` is what `fetch` threw. */
export class AuthClientError extends Error {
  override readonly name = 'AuthClientError';
  /** A code of the server (docs/errors.md), or `NETWORK_ERROR` (no answer), or `UNEXPECTED_RESPONSE` (not from `auth.router`). */
  declare readonly code: string;
  /** The HTTP status of the answer; 0 when there was no answer. */
  declare readonly status: number;
  /** With `VALIDATION_FAILED`: the fields that were refused. */
  declare readonly errors: readonly { path: string; message: string }[] | undefined;
  /** With `SECOND_FACTOR_REQUIRED`: the kinds of second factor that the user has and the server takes, such as `'totp'` and `'recovery-code'`. */
  declare readonly factors: readonly string[] | undefined;
  /** With `SECOND_FACTOR_REQUIRED` and the transport `'bearer'`: what the second step sends back. */
  declare readonly challenge: string | undefined;
  /** The seconds of the `Retry-After` header. Undefined without one, and cross-origin unless the server exposes it. */
  declare readonly retryAfterSeconds: number | undefined;

  /** @internal */
  constructor(failure: Failure, status = 0, retryAfterSeconds?: number) {
    super(failure.message ?? failure.code, failure);
    const { code, errors, factors, challenge } = failure;
    Object.assign(this, { code, status, errors, factors, challenge, retryAfterSeconds });
  }
}

interface Failure {
  code: string;
  message?: string;
  cause?: unknown;
  errors?: readonly { path: string; message: string }[];
  factors?: readonly string[];
  challenge?: string;
}

export const UNEXPECTED: Failure = { code: 'UNEXPECTED_RESPONSE' };

/**
 * Waits for an answer and reads its JSON. An answer of another form, such as a proxy's HTML page, says nothing about the session.
 * @throws AuthClientError `NETWORK_ERROR` when the answer is missing or breaks off, `UNEXPECTED_RESPONSE` when it has another
 *   form, and otherwise the server's own code when its status is not 2xx
 */
export async function readAnswer<Answer>(answer: Response | Promise<Response>): Promise<Answer> {
  let response: Response;
  let text: string;
  try {
    response = await answer;
    text = await response.text();
  } catch (cause) {
    // A refresh that failed in between has thrown its own error.
    throw cause instanceof AuthClientError ? cause : new AuthClientError({ code: 'NETWORK_ERROR', cause });
  }
  const { status } = response;
  let body: Partial<Failure> | null | undefined;
  try {
    body = JSON.parse(status === 204 ? '{}' : text) as Partial<Failure> | null;
  } catch {
    // Not JSON, so not from `auth.router`.
  }
  if (response.ok && body) return body as Answer;
  const retryAfterSeconds = Number(response.headers.get('retry-after')) || undefined;
  throw new AuthClientError(body?.code ? (body as Failure) : UNEXPECTED, status, retryAfterSeconds);
}
