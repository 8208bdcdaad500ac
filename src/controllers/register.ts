import type { RequestHandler } from 'express';
import type { PasswordHasher } from '../accounts/password-hasher.js';
import { registerUser, type RegisterUserServices } from '../accounts/register-user.js';
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
export function registerByRequest(
  { config, events, passwords }: RegisterServices,
  req: BodyRequest<'register'>,
): Promise<StoredUser> {
  const { [FIELDS]: fields, ...credentials } = req.body;
  const create: RegisterUserServices['create'] = (user) => config.registration.create(user, fields);
  const requester = { ...originOf(req), isGone: isGoneOf(req) };
  return registerUser({ events, passwords, create }, credentials, requester);
}
