/** A failure. Branch on `code`: one of the server's (docs/errors.md), `NETWORK_ERROR` or `UNEXPECTED_RESPONSE`. */
export class AuthClientError extends Error {
  override readonly name = 'AuthClientError';
  readonly code: string;
  /** Of the HTTP answer; 0 when there was none. */
  readonly status: number;
  /** The fields that were refused, with `VALIDATION_FAILED`. */
  readonly errors: readonly { path: string; message: string }[] | undefined;
  /** What `Retry-After` said. */
  readonly retryAfterSeconds: number | undefined;

  constructor(failure: Failure, status = 0, retryAfterSeconds?: number, options?: ErrorOptions) {
    super(failure.message ?? failure.code, options);
    this.code = failure.code;
    this.status = status;
    this.errors = failure.errors;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

interface Failure {
  code: string;
  message?: string;
  errors?: readonly { path: string; message: string }[];
}

/** For `catch`: no answer, or one that broke off. */
export function networkError(cause: unknown): never {
  throw cause instanceof AuthClientError
    ? cause
    : new AuthClientError({ code: 'NETWORK_ERROR', message: 'No answer from the server' }, 0, undefined, {
        cause,
      });
}

/**
 * The JSON of an answer. What isn't ours, such as a proxy's page of HTML, says nothing about the session.
 * @throws AuthClientError
 */
export async function readAnswer<Answer>(response: Response): Promise<Answer> {
  const { ok, status, headers } = response;
  const text = await response.text().catch(networkError);
  const body = status === 204 ? {} : parse(text);
  if (ok && body) return body as Answer;
  throw new AuthClientError(
    !ok && typeof body?.code === 'string'
      ? (body as Failure)
      : { code: 'UNEXPECTED_RESPONSE', message: `Unexpected answer with status ${status}` },
    status,
    Number.parseInt(headers.get('retry-after') ?? '', 10) || undefined,
  );
}

function parse(text: string): Partial<Failure> | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return Object(body) === body ? (body as object) : undefined;
  } catch {
    return undefined;
  }
}
