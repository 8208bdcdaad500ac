import { InvalidArgumentError } from 'commander';
import type { UserColumns } from '../stores/app-table/user-table-options.js';

const MEMBERS = [
  'id',
  'username',
  'usernameKey',
  'passwordHash',
  'roles',
  'disabled',
  'emailVerified',
] as const;
const CURE = 'It must be such as username=email,passwordHash=password_hash,disabled=!active.';

/**
 * The mapping of the app's table as the command line has it: `username=email,passwordHash=password_hash`. `disabled=!active` is for a
 * column that says the contrary.
 */
export function parseColumns(text: string): UserColumns {
  const pairs = text.split(',').map((pair) => {
    const [member = '', column = '', ...more] = pair.split('=').map((part) => part.trim());
    if (!isMember(member) || column === '' || more.length > 0) throw new InvalidArgumentError(CURE);
    const inverted = member === 'disabled' && column.startsWith('!');
    return [member, inverted ? { column: column.slice(1), invert: true as const } : column] as const;
  });
  const named = Object.fromEntries(pairs) as Partial<UserColumns>;
  const { username, passwordHash } = named;
  if (username === undefined || passwordHash === undefined) throw new InvalidArgumentError(CURE);
  return { id: 'id', ...named, username, passwordHash };
}

function isMember(name: string): boolean {
  return (MEMBERS as readonly string[]).includes(name);
}
