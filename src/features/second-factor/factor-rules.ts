import type { FactorRules } from '../factor-parts.js';
import { assertMayAdd, assertMayChange, assertProvedByFactor } from './may-change.js';
import type { FactorServices } from './services.js';

/** What a feature that brings a kind of factor asks this one for. */
export function createFactorRules(services: FactorServices): FactorRules {
  const { browser, challenges, endDevices, factors, factorSets } = services;
  return {
    assertMayAdd,
    assertMayRemove: assertMayChange,
    hasFactor: (userId) => factorSets.hasFactor(userId),
    assertProvedByFactor: (owner) => assertProvedByFactor(services, owner),
    firstRecoveryCodes: (userId) => factors.firstRecoveryCodes(userId),
    endDevices: async (userId) => void (await endDevices(userId)),
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
