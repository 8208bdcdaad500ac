import { randomBytes } from 'node:crypto';
import { createBodySchemas } from '../http/body-schemas.js';
import { toFieldError } from '../middleware/validate-body.js';
import { isAuthError } from '../errors.js';
import { parseOptions } from '../config/parse-options.js';
import type { PostgresUserStore } from '../stores/postgres/user-store.js';
import { MemoryRefreshTokenStore } from '../stores/memory/refresh-token-store.js';
import { PasswordHasher } from '../accounts/password-hasher.js';
import { CommandError } from './describe-error.js';
import { printJson, printLine, type JsonOption } from './output.js';
import { readPassword } from './read-password.js';
import { asUsage, withUsers, type StoreNames } from './stores.js';
import { parseRoles, shownUser } from './users.js';

export interface CreateUserOptions extends StoreNames, JsonOption {
  roles?: string;
  passwordStdin?: boolean;
  minLength?: number;
}

export async function createUser(username: string, options: CreateUserOptions): Promise<void> {
  const roles = options.roles === undefined ? [] : parseRoles([options.roles]);
  await withUsers(options, async (users) => {
    // Before anybody has typed a password in vain.
    if (await users.findByUsername(username)) throw taken(username);
    const password = await readPassword({ fromStdin: options.passwordStdin ?? false });
    const user = await register(users, { username, password }, roles, options.minLength);
    if (options.json) printJson({ user: shownUser(user) });
    else printLine(`Created "${user.username}", id ${user.id}, roles: ${user.roles.join(', ') || 'none'}`);
  });
}

/** As POST /register does, by its rules, and with roles. */
async function register(
  users: PostgresUserStore,
  body: { username: string; password: string },
  roles: string[],
  minLength: number | undefined,
) {
  const config = defaultsOfAuth(users, minLength);
  const parsed = createBodySchemas(config).register.safeParse(body);
  if (!parsed.success)
    throw new CommandError(
      parsed.error.issues
        .map(toFieldError)
        .map(({ path, message }) => `The ${path} ${message}`)
        .join('\n'),
    );
  const passwords = new PasswordHasher(config.password.cost);
  try {
    const passwordHash = await passwords.hash(parsed.data.password);
    return await users.create({ username: parsed.data.username, passwordHash, roles });
  } catch (error) {
    throw isAuthError(error, 'USERNAME_TAKEN') ? taken(body.username) : error;
  } finally {
    await passwords.close();
  }
}

/** The defaults stand in the options of `createAuth` alone. */
function defaultsOfAuth(users: PostgresUserStore, minLength: number | undefined) {
  const secret = () => randomBytes(32);
  return asUsage(() =>
    parseOptions({
      users,
      refreshTokens: new MemoryRefreshTokenStore(),
      accessToken: { secret: secret() },
      refreshToken: { secret: secret() },
      password: minLength === undefined ? {} : { minLength },
    }),
  );
}

function taken(username: string): CommandError {
  return new CommandError(`The username "${username}" is taken`);
}
