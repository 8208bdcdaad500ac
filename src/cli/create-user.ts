import { randomBytes } from 'node:crypto';
import { createBodySchemas } from '../http/body-schemas.js';
import { toFieldErrors } from '../middleware/validate-body.js';
import { isAuthError } from '../errors.js';
import { parseOptions } from '../config/parse-options.js';
import { MemoryRefreshTokenStore } from '../stores/memory/refresh-token-store.js';
import { PasswordHasher } from '../accounts/password-hasher.js';
import type { DatabaseUserStore } from './database.js';
import { asUsageError, CommandError } from './describe-error.js';
import { printJson, printLine, type JsonOption } from './output.js';
import { readPassword } from './read-password.js';
import type { StoreNames } from './store-names.js';
import { withUserStore } from './stores.js';
import { parseRoles, userForOutput } from './users.js';

export interface CreateUserOptions extends StoreNames, JsonOption {
  roles?: string;
  passwordStdin?: boolean;
  minLength?: number;
  passwordLong?: 'prehash' | 'refuse';
}

export async function createUser(username: string, options: CreateUserOptions): Promise<void> {
  const roles = options.roles === undefined ? [] : parseRoles([options.roles]);
  await withUserStore(options, async (users) => {
    // Checked first: a password need not be typed for a name that is taken.
    if (await users.findByUsername(username)) throw usernameTaken(username);
    const password = await readPassword({ fromStdin: options.passwordStdin ?? false });
    const user = await register(users, { username, password }, roles, options);
    if (options.json) printJson({ user: userForOutput(user) });
    else printLine(`Created "${user.username}", id ${user.id}, roles: ${user.roles.join(', ') || 'none'}`);
  });
}

/** Applies the rules of POST /register, and sets the roles as well. */
async function register(
  users: DatabaseUserStore,
  body: { username: string; password: string },
  roles: string[],
  options: CreateUserOptions,
) {
  const config = defaultConfig(users, options);
  const parsed = createBodySchemas(config).register.safeParse(body);
  if (!parsed.success)
    throw new CommandError(
      toFieldErrors(parsed.error.issues)
        .map(({ path, message }) => `The ${path} ${message}`)
        .join('\n'),
    );
  const passwords = new PasswordHasher(config.password.cost, config.password.long);
  try {
    const passwordHash = await passwords.hash(parsed.data.password);
    return await users.create({ username: parsed.data.username, passwordHash, roles });
  } catch (error) {
    throw isAuthError(error, 'USERNAME_TAKEN') ? usernameTaken(body.username) : error;
  } finally {
    await passwords.close();
  }
}

/** The config of an app that sets only options of passwords. Nothing is signed, so any secret will do. */
function defaultConfig(users: DatabaseUserStore, { minLength, passwordLong: long }: CreateUserOptions) {
  const secret = () => randomBytes(32);
  return asUsageError(() =>
    parseOptions({
      users,
      refreshTokens: new MemoryRefreshTokenStore(),
      accessToken: { secret: secret() },
      refreshToken: { secret: secret() },
      password: { ...(minLength !== undefined && { minLength }), ...(long && { long }) },
    }),
  );
}

function usernameTaken(username: string): CommandError {
  return new CommandError(`The username "${username}" is taken`);
}
