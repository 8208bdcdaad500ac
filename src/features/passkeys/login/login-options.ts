import type { Request, Response } from 'express';
import { activeUser } from '../../../stores/user-store.js';
import type { Transport } from '../../../tokens/transport.js';
import { addressGroup } from '../../../utils/address-group.js';
import { digestOf } from '../../../utils/digest.js';
import type { Asker } from '../../asker.js';
import { hideDuration } from '../../hide-duration.js';
import { bindToBrowser } from '../bind-to-browser.js';
import { CHALLENGE_SECONDS } from '../challenges.js';
import { descriptorsOf, type CredentialDescriptor } from '../credential-descriptor.js';
import { decoysOf, likeDecoys } from '../decoys.js';
import type { PasskeyServices } from '../services.js';

/** For `PublicKeyCredential.parseRequestOptionsFromJSON`. */
export interface LoginOptions {
  readonly challenge: string;
  readonly rpId: string;
  readonly timeout: number;
  readonly userVerification: 'required';
  readonly allowCredentials: readonly CredentialDescriptor[];
  readonly challengeId?: string;
}

export interface LoginOptionsBody {
  readonly username?: string | undefined;
  readonly challenge?: string | undefined;
  readonly transport: Transport;
}

/** Who may answer, and with which passkeys. */
interface Expected {
  /** Undefined: any user. Null: no one. */
  readonly userId?: string | null;
  readonly allowed: readonly CredentialDescriptor[];
  /** Whether someone has proved already to be that user: then the challenge ends with what else the user has asked for. */
  readonly isKnown: boolean;
}

/**
 * A challenge to log in with a passkey, or to prove a second factor. The answer is alike for a name with passkeys, without any, and
 * for one that no user has.
 * @throws AuthError TOO_MANY_ATTEMPTS, CROSS_SITE_REQUEST, SERVICE_UNAVAILABLE
 */
export async function loginOptions(
  services: PasskeyServices,
  body: LoginOptionsBody,
  asker: Asker,
  res: Response,
): Promise<LoginOptions> {
  const { asked, challenges, options } = services;
  const { origin, req } = asker;
  const { transport, username } = body;
  const limit = username === undefined ? asked.unnamed : asked.named;
  const { digest, handOver } = bindToBrowser(services, asker, transport);
  await limit.count(addressGroup(origin.ip), origin, () => Promise.resolve());
  const { userId, allowed, isKnown } = await expectedOf(services, body, req);
  const challenge = await challenges.create(
    'passkey',
    { browser: digest, transport, ...(userId !== undefined && { userId }) },
    isKnown && userId ? userId : undefined,
  );
  return {
    challenge,
    rpId: options.rpId,
    timeout: CHALLENGE_SECONDS * 1000,
    userVerification: 'required',
    allowCredentials: allowed,
    ...handOver(res),
  };
}

async function expectedOf(
  services: PasskeyServices,
  { username, challenge }: LoginOptionsBody,
  req: Request,
): Promise<Expected> {
  const { others, passkeys } = services;
  if (username !== undefined) {
    const name = others.canonicalUsername(username);
    return hideDuration('passkey options', name, () => byName(services, name));
  }
  const pending = await others.factorRules()?.pendingUser(req, challenge);
  const userId = pending ?? req.user?.id;
  if (userId === undefined) return { allowed: [], isKnown: false };
  return { userId, allowed: descriptorsOf(await passkeys.of(userId)), isKnown: true };
}

/** Asks the stores as often for every name. */
async function byName({ config, passkeys, sealer }: PasskeyServices, name: string): Promise<Expected> {
  const user = activeUser(await config.users.findByUsername(name));
  const decoys = decoysOf(sealer, name);
  const found = likeDecoys(descriptorsOf(await passkeys.of(user?.id ?? digestOf(name))));
  return found.length > 0 && user
    ? { userId: user.id, allowed: found, isKnown: false }
    : { userId: null, allowed: decoys, isKnown: false };
}
