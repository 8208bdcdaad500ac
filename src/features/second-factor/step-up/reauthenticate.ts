import { provePassword } from '../../../accounts/prove-password.js';
import { AuthError, isAuthError } from '../../../errors.js';
import type { Requester } from '../../../limits/requester.js';
import type { IssuedTokens } from '../../../sessions/issue-tokens.js';
import { nameOfLogin } from '../../../sessions/raise-session.js';
import type { Session } from '../../../stores/refresh-token-store.js';
import { afterChange } from '../../../stores/unfinished-change.js';
import type { StoredUser } from '../../../stores/user-store.js';
import type { Transport } from '../../../tokens/transport.js';
import { digestOf } from '../../../utils/digest.js';
import type { Asker } from '../../asker.js';
import { proveFactor, type FactorAnswer, type ProvedFactor } from '../prove-factor.js';
import type { FactorServices } from '../services.js';

/** What a user sends to prove again who they are. */
export type UserProof = { readonly password: string } | FactorAnswer;

export interface Reauthentication {
  readonly proof: UserProof;
  /** The `Idempotency-Key`. */
  readonly key: string | undefined;
  readonly transport: Transport;
  readonly isGone: Requester['isGone'];
}

/** Whose request it is. */
interface Raising extends Reauthentication {
  readonly user: StoredUser;
  readonly asker: Asker;
}

/**
 * Proves again who the user of a session is, and raises the session.
 * @throws AuthError INVALID_CREDENTIALS, INVALID_SECOND_FACTOR, ACCESS_TOKEN_INVALID, SESSION_REVOKED, TOO_MANY_ATTEMPTS,
 * SERVICE_UNAVAILABLE, VALIDATION_FAILED. Nothing has changed then, and the same request again can succeed after an outage
 */
export async function reauthenticate(
  services: FactorServices,
  { id, sessionId }: Express.User,
  request: Reauthentication,
  asker: Asker,
): Promise<IssuedTokens> {
  const { config, sessions } = services;
  const user = await afterChange(config.users, await config.users.findById(id));
  if (!user) throw new AuthError('ACCESS_TOKEN_INVALID');
  // Before anything is judged: the access token of a session that has ended is good for no guess.
  const session = await sessions.find(id, sessionId);
  if (!session) throw new AuthError('SESSION_REVOKED');
  const raising = { ...request, user, asker };
  return 'password' in request.proof
    ? byPassword(services, session, raising, request.proof.password)
    : byFactor(services, session, raising, request.proof);
}

async function byPassword(
  services: FactorServices,
  session: Session,
  raising: Raising,
  password: string,
): Promise<IssuedTokens> {
  const { sessions } = services;
  const { asker, isGone, transport, user } = raising;
  const { userId, sessionId } = session;
  const requester = { ...asker.origin, userId, sessionId, isGone };
  await provePassword(services, user, password, requester).catch((error: unknown) => {
    announceFailure(services, session, error, asker);
    throw error;
  });
  const attempt = attemptOf(raising, 'password');
  return sessions.raiseOrJoin(user, session, { amr: ['pwd'], attempt, transport, origin: asker.origin });
}

async function byFactor(
  services: FactorServices,
  session: Session,
  raising: Raising,
  answer: FactorAnswer,
): Promise<IssuedTokens> {
  const { events, sessions } = services;
  const { asker, transport, user } = raising;
  const { origin } = asker;
  // The proof is part of the name, so the same key with another proof is another request.
  const attempt = attemptOf(raising, JSON.stringify(answer));
  if (attempt !== undefined && session.attempt === attempt)
    return sessions.repeatRaise(user, session, transport);
  const factor = await withinLimits(services, session, asker, () =>
    proveFactor(services, user, answer, nameOfLogin(session), asker),
  );
  const issued = await sessions.raise(user, session, {
    amr: [factor.method, 'mfa'],
    attempt,
    transport,
    origin,
  });
  if (issued) return issued;
  // Another request has used the same code for this session, and was first.
  const { id: userId } = user;
  events.announce('factorFailed', () => ({ userId, kind: factor.name.kind, reason: 'used-code', ...origin }));
  throw new AuthError('INVALID_SECOND_FACTOR');
}

/** Counts the attempt before it is judged: for the session, and then for the user. What one session may fail is too little to make others wait. */
function withinLimits(
  { stepUps, tries }: FactorServices,
  { userId, sessionId }: Session,
  { origin }: Asker,
  attempt: () => Promise<ProvedFactor>,
): Promise<ProvedFactor> {
  const requester = { ...origin, userId, sessionId };
  return tries.count(`session ${sessionId}`, requester, () =>
    stepUps.session.count(sessionId, requester, () => stepUps.user.count(userId, requester, attempt)),
  );
}

/** Names this request, and no other one with the same key, such as a refresh. The store keeps it: a digest doesn't tell the key. */
function attemptOf({ key }: Raising, what: string): string | undefined {
  return key === undefined ? undefined : digestOf(`reauthenticate\n${key}\n${what}`).slice(0, 22);
}

function announceFailure(
  { events }: FactorServices,
  { userId, sessionId }: Session,
  error: unknown,
  { origin }: Asker,
): void {
  if (!isAuthError(error, 'INVALID_CREDENTIALS')) return;
  const code = error.code as 'INVALID_CREDENTIALS';
  events.announce('reauthenticateFailed', () => ({ userId, sessionId, code, ...origin }));
}
