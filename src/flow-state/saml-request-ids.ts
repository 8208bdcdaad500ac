import { randomBytes } from 'node:crypto';
import type { TextSealer } from '../tokens/sealed-text.js';
import type { Refuse } from './sealed-cookies.js';

/** The options by which `@node-saml/passport-saml` recognises its own requests. */
export interface RequestIds {
  generateUniqueId(): string;
  cacheProvider: {
    saveAsync(id: string, value: string): Promise<null>;
    getAsync(id: string): Promise<string | null>;
    /** @throws AuthError FLOW_STATE_INVALID for an id that has been removed before; SERVICE_UNAVAILABLE */
    removeAsync(id: string | null): Promise<string | null>;
  };
}

interface RequestIdServices {
  sealer: TextSealer;
  /** Whether this call is the first one to take the id. */
  isFirst: (id: string) => Promise<boolean>;
  refuse: Refuse;
  now: () => number;
  expiresInSeconds: number;
}

const RANDOM_BYTES = 16;

/**
 * Another site posts a SAML response, so no cookie of ours comes with it. The id of the request proves itself instead: it is
 * signed and says when it was made. The store only has to know which ids have been answered.
 */
export function createRequestIds({
  sealer,
  isFirst,
  refuse,
  now,
  expiresInSeconds,
}: RequestIdServices): RequestIds {
  /** @returns when the id was made */
  const madeAt = (id: string): number | undefined => {
    const [, text, time, signature] = /^_([\w-]+\.([0-9a-z]+))\.([\w-]+)$/.exec(id) ?? [];
    if (!text || !time || !signature || !sealer.isSigned(text, signature)) return undefined;
    const made = parseInt(time, 36);
    return made + expiresInSeconds * 1000 > now() ? made : undefined;
  };

  return {
    generateUniqueId() {
      const text = `${randomBytes(RANDOM_BYTES).toString('base64url')}.${now().toString(36)}`;
      return `_${text}.${sealer.sign(text)}`; // an xs:ID begins with a letter or _
    },
    cacheProvider: {
      saveAsync: () => Promise.resolve(null),
      getAsync(id) {
        const made = madeAt(id);
        if (made === undefined) refuse('unknown'); // the strategy says so to its client
        return Promise.resolve(made === undefined ? null : new Date(made).toISOString());
      },
      async removeAsync(id) {
        if (id === null || madeAt(id) === undefined) return null;
        if (!(await isFirst(id))) throw refuse('taken');
        return id;
      },
    },
  };
}
