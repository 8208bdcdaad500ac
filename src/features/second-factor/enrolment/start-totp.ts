import { randomBytes } from 'node:crypto';
import { base32 } from '../../../utils/base32.js';
import { assertRoom } from '../../factor-row.js';
import { ownUser } from '../../own-user.js';
import type { FactorServices } from '../services.js';
import { newTotpSecret, otpauthUri } from '../totp.js';

const ID_BYTES = 16;

/** What the authenticator app needs. It isn't shown again. */
export interface StartedEnrolment {
  readonly id: string;
  readonly secret: string;
  readonly uri: string;
}

/**
 * Begins to enrol an authenticator app. Nothing is asked at a login until a code has confirmed it.
 * @throws AuthError ACCESS_TOKEN_INVALID for a user who is gone; TOO_MANY_FACTORS
 */
export async function startTotp(
  { config, enrolments, factorSets, options, secrets }: FactorServices,
  { id: userId, sessionId }: Express.User,
): Promise<StartedEnrolment> {
  const user = await ownUser(config.users, userId);
  await config.timeKnown();
  assertRoom((await factorSets.deleteAbandoned(userId, config.now())).factors);
  const { digits, periodSeconds } = options.totp;
  const id = randomBytes(ID_BYTES).toString('base64url');
  const secret = newTotpSecret();
  const sealed = secrets.seal(secret, user.id, id);
  await enrolments.create(user, sessionId, { id, digits, periodSeconds, secret: sealed });
  const shown = base32(secret);
  const uri = otpauthUri(shown, options.totp, { issuer: options.issuer, account: user.username });
  return { id, secret: shown, uri };
}
