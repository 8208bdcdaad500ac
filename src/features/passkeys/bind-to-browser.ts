import type { Response } from 'express';
import { newSecret } from '../../http/new-secret.js';
import type { Transport } from '../../tokens/transport.js';
import { digestOf } from '../../utils/digest.js';
import type { Asker } from '../asker.js';
import { CHALLENGE_SECONDS } from './challenges.js';
import type { PasskeyServices } from './services.js';

/**
 * Binds a challenge to the browser that asks for it. A browser keeps its secret, so challenges of several tabs exist beside each other.
 * @returns the digest for the store, and what hands the secret over when the challenge is stored
 * @throws AuthError CROSS_SITE_REQUEST
 */
export function bindToBrowser(
  { browser }: Pick<PasskeyServices, 'browser'>,
  { req }: Pick<Asker, 'req'>,
  transport: Transport,
): { digest: string; readonly handOver: (res: Response) => { challengeId?: string } } {
  const secret = transport === 'body' ? newSecret() : browser.choose(req);
  return {
    digest: digestOf(secret),
    handOver(res) {
      if (transport === 'body') return { challengeId: secret };
      browser.keep(res, secret, CHALLENGE_SECONDS);
      return {};
    },
  };
}
