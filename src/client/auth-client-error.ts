/** A failure. Branch on `code`: one of the server's (docs/errors.md), `NETWORK_ERROR` or `UNEXPECTED_RESPONSE`. */
export class AuthClientError extends Error {
  override readonly name = 'AuthClientError';
  declare readonly code: string;
  /** Of the HTTP answer; 0 when there was none. */
  declare readonly status: number;
  /** The fields that were refused, with `VALIDATION_FAILED`. */
  declare readonly errors: readonly { path: string; message: string }[] | undefined;
  /** What `Retry-After` said. */
  declare readonly retryAfterSeconds: number | undefined;

  /** @internal */
  constructor(failure: Failure, status = 0, retryAfterSeconds?: number) {
    super(failure.message ?? failure.code, failure);
    const { code, errors } = failure;
    Object.assign(this, { code, status, errors, retryAfterSeconds });
  }
}

interface Failure {
  code: string;
  message?: string;
  cause?: unknown;
  errors?: readonly { path: string; message: string }[];
}

/** For `catch`: no answer, or one that broke off. */
export function networkError(cause: unknown): never {
  throw cause instanceof AuthClientError ? cause : new AuthClientError({ code: 'NETWORK_ERROR', cause });
}

export const UNEXPECTED: Failure = { code: 'UNEXPECTED_RESPONSE' };

/**
 * The JSON of an answer. What isn't ours, such as a proxy's page of HTML, says nothing about the session.
 * @throws AuthClientError
 */
export async function readAnswer<Answer>(response: Response): Promise<Answer> {
  const { ok, status, headers } = response;
  const text = await response.text().catch(networkError);
  let body: Partial<Failure> | null | undefined;
  try {
    body = JSON.parse(status === 204 ? '{}' : text) as Partial<Failure> | null;
  } catch {
    // Not JSON: not ours.
  }
  if (ok && body) return body as Answer;
  // Cross-origin it is undefined unless the server exposes the header.
  const retryAfterSeconds = Number(headers.get('retry-after')) || undefined;
  throw new AuthClientError(body?.code ? (body as Failure) : UNEXPECTED, status, retryAfterSeconds);
}
