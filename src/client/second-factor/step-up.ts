import { unlessAborted } from '../abort.js';
import { readAnswer, type AuthClientError } from '../auth-client-error.js';
import type { StepUp } from '../auth-client.js';
import { environment } from '../environment.js';
import type { FetchWrapper } from '../fetch-wrapper.js';
import { readCode, type GuardedFetch } from '../guarded-fetch.js';
import type { CreateRenewingPost } from '../renewing-post.js';
import type { Session } from '../session.js';

/**
 * Shows a dialog, say, and resolves with what the user has entered. Resolve with undefined when the user declines: then the requests
 * get the 401. If it rejects, they reject with its error. While the proof is wrong, it is called again.
 */
export type AskForProof = (question: ProofQuestion) => Promise<Proof | undefined>;

/** What `AskForProof` gets. */
export interface ProofQuestion {
  /** Why the proof before was refused: `INVALID_CREDENTIALS`, for example. Undefined when it is asked for the first time. */
  failure: AuthClientError | undefined;
  /**
   * What the guard of the first request asks for (`acr_values` of RFC 9470). With `'mfa'` it is a second factor; other values are
   * methods of `amr`. One of them will do. Empty where any proof will do, and cross-origin unless the server exposes the header
   * `WWW-Authenticate`.
   */
  acrValues: string[];
  /** Aborted when no more is asked: the proof was right, or something else has failed. Close the dialog then. */
  signal: AbortSignal;
}

/** One of these: the password, a code of an authenticator app, a recovery code, or the answer of a passkey. */
export interface Proof {
  password?: string;
  code?: string;
  recoveryCode?: string;
  credential?: object;
  [field: string]: unknown;
}

/** What another proof can cure. After anything else the requests that wait reject. */
const WRONG_PROOF = /^(INVALID|VALIDATION|FLOW)_/;

/**
 * For the option `reauthenticate` of `createAuthClient`: lets the user prove again who they are when the server refuses a request with
 * `REAUTHENTICATION_REQUIRED`, sends the proof to POST /reauthenticate, and repeats the request. The user is asked once for all
 * parallel requests and, where the browser has Web Locks, for all tabs: the requests of other tabs wait.
 * @throws TypeError when `ask` is no function
 */
export function stepUp(ask: AskForProof): StepUp {
  if (typeof ask !== 'function') throw new TypeError('stepUp(): ask must be a function');
  const wrapper: FetchWrapper = {
    around: (session, send, createRenewingPost) => createStepUpFetch(session, send, createRenewingPost, ask),
  };
  return wrapper;
}

function createStepUpFetch(
  session: Session,
  send: GuardedFetch,
  createRenewingPost: CreateRenewingPost,
  ask: AskForProof,
): GuardedFetch {
  let asking: Promise<boolean> | undefined;
  /** What came of the last question. It counts for all requests that were sent before its end. */
  let last = { isProved: false };

  const post = createRenewingPost(session, async (method, path, body, wrap, options) =>
    readAnswer(send(session.request(method, path, body, options), { wrap })),
  );

  /** Another user may have logged in meanwhile. Nothing must be proved, and no request repeated, in their name. */
  const isSame = async (login: string | undefined) => (await session.read()).login === login;

  /** @returns false if the user declines */
  async function askUntilProved(login: string | undefined, acrValues: string[]): Promise<boolean> {
    const asked = new AbortController();
    try {
      for (let failure: AuthClientError | undefined; ;) {
        const proof = await ask({ failure, acrValues, signal: asked.signal });
        if (!proof || !(await isSame(login))) return false;
        try {
          await post('/reauthenticate', proof);
          return true;
        } catch (error) {
          failure = error as AuthClientError;
          if (!WRONG_PROOF.test(failure.code)) throw error;
        }
      }
    } finally {
      asked.abort();
    }
  }

  async function askOnce(login: string | undefined, acrValues: string[]): Promise<boolean> {
    let isProved = false;
    try {
      isProved = await inOneTab(session, () => askUntilProved(login, acrValues));
    } finally {
      asking = undefined;
      last = { isProved };
    }
    return isProved;
  }

  return async function stepUpFetch(request, options = {}) {
    const { login } = await session.read();
    const before = last;
    const response = await send(request.clone(), options);
    if (response.status !== 401 || (await readCode(response)) !== 'REAUTHENTICATION_REQUIRED')
      return response;
    const isProved =
      last === before
        ? await unlessAborted((asking ??= askOnce(login, acrValuesOf(response))), options.signal?.())
        : last.isProved;
    return isProved && (await isSame(login)) ? send(request, options) : response;
  };
}

/**
 * While another tab asks, waits for that. Its proof has raised the tokens of this tab too; whether it did, the server knows when the
 * request is repeated. `localStorage` would not do: what another tab writes is seen only a little later than the end of its lock.
 */
async function inOneTab({ lock }: Session, askUntilProved: () => Promise<boolean>): Promise<boolean> {
  const locks = lock && environment.navigator?.locks;
  if (!locks) return askUntilProved();
  const name = `${lock}:proof`;
  return locks.request(name, { ifAvailable: true }, (available) =>
    available ? askUntilProved() : locks.request(name, () => Promise.resolve(true)),
  );
}

/** Of the challenge, RFC 9470. */
function acrValuesOf({ headers }: Response): string[] {
  return /acr_values="(.+?)"/.exec(headers.get('www-authenticate') ?? '')?.[1]?.split(' ') ?? [];
}
