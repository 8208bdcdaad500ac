import type { EmailServices } from './services.js';

/**
 * Unlinks all of the user's accounts at identity providers. No store knows when one was linked, or by whom.
 * @returns whether there were any
 */
export async function unlinkIdentities(
  { config: { users } }: Pick<EmailServices, 'config'>,
  userId: string,
): Promise<boolean> {
  const { identities } = users;
  if (!identities) return false;
  const linked = await identities.listIdentities(userId);
  for (const identity of linked) await identities.unlink(userId, identity);
  return linked.length > 0;
}
