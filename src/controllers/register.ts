import type { RequestHandler } from 'express';
import type { PasswordHasher } from '../accounts/password-hasher.js';
import { isAuthError } from '../errors.js';
import type { AuthEvents } from '../events/auth-events.js';
import type { AnswerResponse } from '../http/answer-schemas.js';
import { FIELDS, type BodyRequest } from '../http/body-schemas.js';
import type { RegistrationConfig } from '../http/registration.js';
import { isGoneOf, originOf } from '../http/request-origin.js';
import type { TextsFor } from '../http/texts-for.js';
import { publicUser } from '../stores/public-user.js';
import type { StoredUser } from '../stores/user-store.js';

export interface RegisterServices {
  config: { readonly registration: RegistrationConfig };
  events: AuthEvents;
  passwords: PasswordHasher;
}

/** Creates a user. It does not log in, and grants no role. */
export function createRegister(services: RegisterServices & { textsFor: TextsFor }): RequestHandler {
  const { textsFor } = services;
  return async function register(req: BodyRequest<'register'>, res: AnswerResponse<'register'>) {
    const user = await registerByRequest(services, req);
    res.status(201).json({ message: textsFor(req, res).registrationSuccessful, user: publicUser(user) });
  };
}

/** Creates the user that the body describes. @throws AuthError USERNAME_TAKEN */
export async function registerByRequest(
  { config, events, passwords }: RegisterServices,
  req: BodyRequest<'register'>,
): Promise<StoredUser> {
  const { username, password, [FIELDS]: fields } = req.body;
  const origin = originOf(req);
  const passwordHash = await passwords.hash(password, { ...origin, isGone: isGoneOf(req) });
  const user = await config.registration
    .create({ username, passwordHash }, fields)
    .catch((error: unknown) => {
      if (isAuthError(error, 'USERNAME_TAKEN'))
        events.announce('registerFailed', () => ({ username, code: 'USERNAME_TAKEN', ...origin }));
      throw error;
    });
  events.announce('registered', () => ({ userId: user.id, username: user.username, ...origin }));
  return user;
}
