import { shownUser } from './known-user.js';
import { printJson, printNote, printTable } from './output.js';
import { withUsers, type StoreNames } from './stores.js';

export interface ListUsersOptions extends StoreNames {
  limit: number;
  after?: string;
  json?: boolean;
}

export async function listUsers({ limit, after, json, ...names }: ListUsersOptions): Promise<void> {
  const page = await withUsers(names, (users) =>
    users.list(after === undefined ? { limit } : { limit, after }),
  );
  const users = page.map(shownUser);
  const next = users.length === limit ? (users.at(-1)?.username ?? null) : null;
  if (json) {
    printJson({ users, next });
    return;
  }
  printTable(
    ['USERNAME', 'ID', 'ROLES', 'STATE'],
    users.map((user) => [
      user.username,
      user.id,
      user.roles.join(',') || '-',
      user.disabled ? 'disabled' : 'enabled',
    ]),
  );
  // No line to copy: a shell might act on what a stranger's name has in it.
  if (next !== null) printNote('There may be more: go on with --after and the last username');
}
