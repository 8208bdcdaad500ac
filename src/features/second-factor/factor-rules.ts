import type { FactorRules } from '../factor-parts.js';
import { hasOthers } from './enrolment/confirm-totp.js';
import { assertProvedByFactor, factorNeeded, isByFactor } from './fresh.js';
import type { FactorServices } from './services.js';

/** What a feature that brings a kind of factor asks this one for. */
export function createFactorRules(services: FactorServices): FactorRules {
  const { browser, challenges, devices, factors } = services;
  return {
    async beforeAdding(owner, id) {
      const before = await factors.of(owner.id);
      const mayBeFirst = !isByFactor(owner);
      if (mayBeFirst && hasOthers(before, id)) throw factorNeeded();
      return {
        async confirm() {
          if (mayBeFirst && hasOthers(await factors.of(owner.id), id)) throw factorNeeded();
        },
        recoveryCodes: () => factors.addRecoveryCodes(owner.id, before.leftover),
      };
    },
    beforeRemoving: (owner) => assertProvedByFactor(services, owner),
    async retired(userId) {
      await devices?.endAll(userId);
    },
    removed: (userId) => factors.removeCodesWithoutFactor(userId),
    async pendingUser(req, challenge) {
      const [transport, secrets] =
        challenge === undefined ? (['cookie', browser.read(req)] as const) : (['body', [challenge]] as const);
      for (const secret of secrets) {
        const found = await challenges.find(secret, transport);
        if (found) return found.userId;
      }
      return undefined;
    },
  };
}
