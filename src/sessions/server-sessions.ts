import { z } from 'zod';
import { isKeepable } from '../utils/keepable-text.js';
import type { Session } from '../stores/refresh-token-store.js';
import { textOfId } from '../stores/user-ids.js';
import { MAX_USER_ID_LENGTH } from '../stores/max-user-id-length.js';
import { kindOf } from '../utils/option-words.js';
import { parseCall } from '../utils/parse-call.js';
import type { Sessions } from './sessions.js';

/** Sessions for server code: an admin page, a support tool. Ids of users may be texts, whole numbers or id objects. */
export interface ServerSessions {
  /** The user's sessions, the one used last first. @throws TypeError for something that is no id */
  list(userId: string): Promise<Session[]>;
  /** Ends one session. @returns whether there was such a session of this user. @throws TypeError for something that is no id */
  revoke(userId: string, sessionId: string): Promise<boolean>;
  /**
   * Ends every session of the user but `except`.
   * @returns the ids that ended
   * @throws TypeError for something that is no id, and for an unknown option
   */
  revokeAll(userId: string, options?: { except?: string | undefined }): Promise<string[]>;
}

/**
 * Judges the arguments before any store does. By themselves stores differ: what is an id to one is none to another, and a
 * session would go on in one of them only.
 */
export function createServerSessions(
  sessions: Pick<Sessions, 'list' | 'revoke' | 'revokeAll'>,
): ServerSessions {
  return {
    async list(userId) {
      return sessions.list(userIdOf('list', userId));
    },
    async revoke(userId, sessionId) {
      return sessions.revoke(userIdOf('revoke', userId), idOf('revoke', 'sessionId', sessionId));
    },
    async revokeAll(userId, options = {}) {
      const { except } = parseCall('sessions.revokeAll()', exceptSchema, options);
      const kept = except === undefined ? {} : { except: idOf('revokeAll', 'options.except', except) };
      return sessions.revokeAll(userIdOf('revokeAll', userId), kept);
    },
  };
}

const exceptSchema = z.strictObject({ except: z.unknown().optional() });

/** Tokens and sessions have the id of a user as a text, whatever kind of id the app's own table has. */
function userIdOf(method: string, value: unknown): string {
  return idOf(method, 'userId', textOfId(value) ?? value);
}

function idOf(method: string, member: string, value: unknown): string {
  if (isKeepable(value) && value !== '' && value.length <= MAX_USER_ID_LENGTH) return value;
  throw new TypeError(
    `sessions.${method}(): ${member} must be a text of 1 to ${MAX_USER_ID_LENGTH} characters without NUL and lone surrogates, not ${kindOf(value)}`,
  );
}
