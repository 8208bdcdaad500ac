import type { BodyConfig } from '../http/body-schemas.js';

/**
 * Whether the app's names for username and password leave those of a feature's own members free. With one name for both, one would hide the
 * other, and a proof would never be read.
 * @throws TypeError that names the option and the member
 */
export function assertFieldsFree(
  feature: string,
  config: BodyConfig,
  option: 'usernameField' | 'passwordField',
  members: readonly string[],
): void {
  const { [option]: name } = config;
  if (!members.includes(name)) return;
  throw new TypeError(
    `${feature}: the option ${option} of createAuth is '${name}', which is the name of a member of this feature, too: choose another ${option}`,
  );
}
