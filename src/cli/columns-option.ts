import { InvalidArgumentError } from 'commander';
import { userMapping, type UserColumns } from '../stores/app-table/user-table-options.js';

const MEMBERS = [
  'id',
  'username',
  'usernameKey',
  'passwordHash',
  'roles',
  'disabled',
  'emailVerified',
] as const;
const EXAMPLE = 'such as username=email,passwordHash=password_hash,disabled=!active.';

/**
 * The mapping of the app's table as the command line has it: `username=email,passwordHash=password_hash`. `disabled=!active` is for a
 * column that says the contrary.
 */
export function parseColumns(text: string): UserColumns {
  const pairs = text.split(',').map((pair) => {
    const [member = '', column = '', ...more] = pair.split('=').map((part) => part.trim());
    if (!isMember(member))
      throw new InvalidArgumentError(
        `"${member}" is none of ${MEMBERS.join(', ')}: write member=column, ${EXAMPLE}`,
      );
    if (column === '' || column === '!' || more.length > 0)
      throw new InvalidArgumentError(`It must name one column for ${member}, ${EXAMPLE}`);
    const inverted = member === 'disabled' && column.startsWith('!');
    return [member, inverted ? { column: column.slice(1), invert: true as const } : column] as const;
  });
  const members = pairs.map(([member]) => member);
  const twice = members.find((member, n) => members.indexOf(member) !== n);
  if (twice !== undefined) throw new InvalidArgumentError(`It names ${twice} twice.`);
  const named = Object.fromEntries(pairs) as Partial<UserColumns>;
  const { username, passwordHash } = named;
  if (username === undefined || passwordHash === undefined)
    throw new InvalidArgumentError(`It must have username and passwordHash, ${EXAMPLE}`);
  return checked({ id: 'id', ...named, username, passwordHash });
}

/** By the rules of the stores. */
function checked(columns: UserColumns): UserColumns {
  try {
    userMapping('--columns', { columns });
    return columns;
  } catch (error) {
    throw error instanceof TypeError ? new InvalidArgumentError(error.message) : error;
  }
}

function isMember(name: string): boolean {
  return (MEMBERS as readonly string[]).includes(name);
}
