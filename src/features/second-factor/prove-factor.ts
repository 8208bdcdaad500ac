import { AuthError, validationFailed } from '../../errors.js';
import type { FactorFailureReason, SecondFactorKind } from '../../events/auth-event.js';
import { refusedField } from '../../messages/rule.js';
import { untilStored } from '../../stores/until-stored.js';
import type { StoredUser } from '../../stores/user-store.js';
import type { Asker } from '../asker.js';
import type { CredentialAnswer } from '../factor-parts.js';
import type { ProofName, TotpFactor } from './factors.js';
import type { FactorServices } from './services.js';
import { stepsOf } from './totp.js';

/** What a user has sent as the second factor. */
export type FactorAnswer = { readonly code: string } | { readonly recoveryCode: string } | CredentialAnswer;

/** A second factor that was right. */
export interface ProvedFactor {
  readonly name: ProofName;
  /** As `amr` says it: `otp`, `hwk` or `swk` of RFC 8176, or a recovery code. */
  readonly method: 'otp' | 'rec' | 'hwk' | 'swk';
}

type ProvingServices = Pick<
  FactorServices,
  'config' | 'events' | 'factors' | 'notify' | 'options' | 'others' | 'secrets'
>;

/**
 * Judges a second factor, and uses it up in all processes and for all purposes.
 * @param by names what it is for. The same `by` may use the same code again, so what an outage has stopped can go on
 * @throws AuthError INVALID_SECOND_FACTOR, SERVICE_UNAVAILABLE, VALIDATION_FAILED for a code of another length than any app of the user's
 */
export function proveFactor(
  services: ProvingServices,
  user: StoredUser,
  answer: FactorAnswer,
  by: string,
  asker: Asker,
): Promise<ProvedFactor> {
  if ('credential' in answer) return proveCredential(services, user, answer, by, asker);
  return 'code' in answer
    ? proveTotp(services, user, answer.code, by, asker)
    : proveRecoveryCode(services, user, answer.recoveryCode, by, asker);
}

async function proveTotp(
  services: ProvingServices,
  user: StoredUser,
  code: string,
  by: string,
  asker: Asker,
): Promise<ProvedFactor> {
  const { config, factors } = services;
  // On a machine whose clock is minutes off, a good code would be wrong.
  await config.timeKnown();
  const outcome = await untilStored(async () => {
    const { totp } = await factors.of(user.id);
    const ofLength = totp.filter(({ data }) => data.digits === code.length);
    if (totp.length > 0 && ofLength.length === 0)
      throw validationFailed(refusedField('code', { key: 'mustBeTotpCode', params: {} }));
    return useTotpCode(services, ofLength, code, by);
  });
  if (typeof outcome === 'string') throw failed(services, user, 'totp', outcome, asker);
  return { name: { kind: 'totp', id: outcome.id }, method: 'otp' };
}

/** @returns undefined when a factor has changed meanwhile */
async function useTotpCode(
  services: ProvingServices,
  totp: readonly TotpFactor[],
  code: string,
  by: string,
): Promise<TotpFactor | FactorFailureReason | undefined> {
  let failure: FactorFailureReason = 'wrong-code';
  for (const factor of totp) {
    const verdict = judge(services, factor, code, by);
    if (typeof verdict === 'string') {
      if (verdict === 'used-before') return factor;
      if (verdict !== 'wrong-code') failure = verdict;
      continue;
    }
    return (await store(services, factor, verdict.step, by)) ? factor : undefined;
  }
  return failure;
}

/** Whether the code is good, and of which step. `used-before`: by the same `by`. */
function judge(
  { config, options, secrets }: ProvingServices,
  { id, userId, data }: TotpFactor,
  code: string,
  by: string,
): { readonly step: number } | FactorFailureReason | 'used-before' {
  const secret = secrets.open(data.secret, userId, id);
  if (!secret) return 'unusable-secret';
  const steps = stepsOf(code, secret, data, options.totp.window, config.now());
  if (steps.length === 0) return 'wrong-code';
  // RFC 6238 §5.2: a code is good once, and so no earlier one is good any more.
  const step = steps.find((each) => each > data.step);
  if (step !== undefined) return { step };
  return steps.includes(data.step) && data.usedBy === by ? 'used-before' : 'used-code';
}

/** @returns false when the factor has changed or gone meanwhile */
function store(
  { config, factors, secrets }: ProvingServices,
  factor: TotpFactor,
  step: number,
  by: string,
): Promise<boolean> {
  const { id, userId, data } = factor;
  // Sealed again, so the first key of the list takes over from the ones before.
  const secret = secrets.seal(secrets.open(data.secret, userId, id) as Buffer, userId, id);
  return factors.replaceTotp(factor, { ...data, secret, step, usedBy: by, lastUsedAt: config.now() });
}

async function proveRecoveryCode(
  services: ProvingServices,
  user: StoredUser,
  code: string,
  by: string,
  asker: Asker,
): Promise<ProvedFactor> {
  const { events, factors, notify } = services;
  const used = await factors.useRecoveryCode(user.id, code, by);
  if (!('left' in used)) throw failed(services, user, 'recovery-codes', used.outcome, asker);
  const { left, outcome } = used;
  if (outcome === 'used') {
    events.announce('recoveryCodeUsed', () => ({ userId: user.id, left, ...asker.origin }));
    notify({ kind: 'recovery-code-used', user, locale: asker.locale });
  }
  return { name: { kind: 'recovery-codes' }, method: 'rec' };
}

async function proveCredential(
  services: ProvingServices,
  user: StoredUser,
  answer: CredentialAnswer,
  by: string,
  asker: Asker,
): Promise<ProvedFactor> {
  const part = services.others.factor();
  const proved = await part?.prove(user, answer, by, asker);
  if (!part || !proved) throw failed(services, user, 'passkey', 'wrong-passkey', asker);
  return { name: { kind: part.kind, id: proved.id }, method: proved.method };
}

function failed(
  { events }: Pick<FactorServices, 'events'>,
  { id: userId }: StoredUser,
  kind: SecondFactorKind,
  reason: FactorFailureReason,
  { origin }: Asker,
): AuthError {
  events.announce('factorFailed', () => ({ userId, kind, reason, ...origin }));
  return new AuthError('INVALID_SECOND_FACTOR');
}
