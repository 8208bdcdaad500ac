import { createHash } from 'node:crypto';

/**
 * What authenticators keep as the user's id, and return when no name was typed. Always the same for a user, so an authenticator has one
 * passkey for each, and doesn't tell the id itself (WebAuthn §14.6.1).
 */
export function userHandleOf(userId: string): string {
  return createHash('sha256').update(`passport-visa passkey\n${userId}`).digest('base64url');
}
