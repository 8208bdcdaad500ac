import { digestOf } from '../../utils/digest.js';
import type { FactorPart } from '../factor-parts.js';
import { judgeAssertion, methodOf, useAssertion } from './judge-assertion.js';
import type { PasskeyServices } from './services.js';

/** A passkey as a second factor, and as the proof of a step-up. */
export function createPasskeyFactor(services: PasskeyServices): FactorPart {
  const { challenges, passkeys, webauthn } = services;
  return {
    kind: 'passkey',
    async prove(user, { credential, challengeId }, by, asker) {
      const challenge = webauthn.challengeIn(credential);
      if (challenge === undefined) return undefined;
      const passkey = await passkeys.find((credential as { id: string }).id);
      if (passkey?.userId !== user.id) return undefined;
      const asked = await challenges.find(
        'passkey',
        challenge,
        services.browser.shown(asker.req, challengeId),
      );
      if (asked ? !mayAnswer(asked, user.id) : !isRepeated(passkey.data.last, challenge, by))
        return undefined;
      const answer = { credential, challenge };
      const assertion = await judgeAssertion(services, answer, passkey, { mayLackUser: true });
      if (!assertion) return undefined;
      // Of parallel uses one goes on. One that an outage has stopped after this may try again.
      if (asked && !(await challenges.take('passkey', challenge))) return undefined;
      const isUsed = await useAssertion(services, passkey, { challenge, assertion, by }, asker.origin);
      return isUsed ? { id: passkey.id, method: methodOf(passkey) } : undefined;
    },
  };
}

function mayAnswer({ userId }: { readonly userId?: string | null | undefined }, id: string): boolean {
  return userId === undefined || userId === id;
}

function isRepeated(
  last: { readonly challenge: string; readonly by: string } | undefined,
  challenge: string,
  by: string,
): boolean {
  return last?.by === by && last.challenge === digestOf(challenge);
}
