import { AuthError } from '../errors.js';
import { activeUser, type StoredUser, type UserStore } from '../stores/user-store.js';

/**
 * The user of an access token, as the store has them now.
 * @throws AuthError ACCESS_TOKEN_INVALID for one who is gone or disabled
 */
export async function ownUser(users: Pick<UserStore, 'findById'>, id: string): Promise<StoredUser> {
  const user = activeUser(await users.findById(id));
  if (!user) throw new AuthError('ACCESS_TOKEN_INVALID');
  return user;
}
