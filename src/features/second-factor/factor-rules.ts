import type { FactorRules } from '../factor-parts.js';
import { assertMayAdd, assertProvedByFactor } from './fresh.js';
import type { FactorServices } from './services.js';

/** What a feature that brings a kind of factor asks this one for. */
export function createFactorRules(services: FactorServices): FactorRules {
  const { browser, challenges, endDevices, factors } = services;
  return {
    async beforeAdding(owner, id) {
      const before = await factors.of(owner.id);
      assertMayAdd(owner, before, id);
      return {
        confirm: async () => assertMayAdd(owner, await factors.of(owner.id), id),
        recoveryCodes: () => factors.addRecoveryCodes(owner.id, before.leftover),
      };
    },
    factors: async (userId) => (await factors.of(userId)).all,
    beforeRemoving: (owner) => assertProvedByFactor(services, owner),
    async retired(userId) {
      await endDevices(userId);
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
