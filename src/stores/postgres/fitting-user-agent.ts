import { asciiOnly } from '../../utils/ascii.js';
import { isUnfit, type BoundedPostgres } from './client.js';

/**
 * Inserts a session with the name of its browser, or with a `?` for each character outside ASCII where the encoding of the database doesn't
 * know one of them: a login must not fail because of it.
 */
export async function withFittingUserAgent<T>(
  postgres: BoundedPostgres,
  userAgent: string | undefined,
  insert: (userAgent: string | null) => Promise<T>,
): Promise<T> {
  if (userAgent === undefined) return insert(null);
  try {
    return await insert(userAgent);
  } catch (error) {
    if (!isUnfit(error) || (await postgres.holds([userAgent]))) throw error;
    return insert(asciiOnly(userAgent));
  }
}
