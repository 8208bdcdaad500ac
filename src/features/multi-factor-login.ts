import type { StoredUser } from '../stores/user-store.js';

/**
 * A login whose one proof is as good as two: a passkey has verified its user. `secondFactor` asks nothing more then. The feature makes an
 * object of a subclass for `LoginDetails.passed`, which no app can do.
 */
export abstract class MultiFactorLogin {
  abstract isOf(user: StoredUser): boolean;
}
