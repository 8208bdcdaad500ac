import { UsernameTakenError } from '../../errors.js';
import type { NewUser, StoredUser } from '../../stores/user-store.js';
import type { EmailServices } from './services.js';

type AddressServices = Pick<EmailServices, 'config' | 'reserved'>;

/**
 * Whether the address is neither a user's nor reserved. Asked in this order: a user's address is reserved before the user gives it up,
 * so one that has no owner any more is seen to be reserved. In the other order, an address that is given up in between would pass.
 * @param exceptFor a user for whom the address may be reserved. Default: no one
 */
export async function isFree(
  { config, reserved }: AddressServices,
  address: string,
  exceptFor?: string,
): Promise<boolean> {
  const owner = await config.users.findByUsername(address);
  return !owner && !(await reserved.isReserved(address, exceptFor));
}

/** @throws UsernameTakenError for an address that is another user's, or reserved for one */
export async function createUser(services: AddressServices, user: NewUser): Promise<StoredUser> {
  if (!(await isFree(services, user.username))) throw new UsernameTakenError();
  return services.config.users.create(user);
}
