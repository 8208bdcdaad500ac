import { findLocalStorage } from '../environment.js';
import { createStateStorage } from '../token-storage.js';
import type { Challenges, ChallengeStorage } from './account-client.js';

/** What shows that this client asked for a login by mail. With cookies the browser keeps that itself. */
export interface KeptChallenges {
  of(kind: keyof Challenges): Promise<string | undefined>;
  /** @param challenge replaces the one before; undefined removes it */
  keep(kind: keyof Challenges, challenge: string | undefined): Promise<void>;
}

export function createChallenges(bearer: boolean, ownStorage?: ChallengeStorage): KeptChallenges {
  const storage =
    ownStorage ?? createStateStorage<Challenges>('passport-visa:challenges', findLocalStorage());
  const read = async () => (await storage.get()) ?? {};
  return {
    of: async (kind) => (bearer ? (await read())[kind] : undefined),
    async keep(kind, challenge) {
      if (bearer) await storage.set({ ...(await read()), [kind]: challenge });
    },
  };
}
