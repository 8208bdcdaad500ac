import { compareSync, hashSync } from 'bcryptjs';
import { getPriority, setPriority } from 'node:os';

/** The priority of a background job: a hash takes long anyway, and other requests should not wait for it. */
const PRIORITY = 10;
// Linux gives each thread its own priority; elsewhere this would be the whole process.
if (process.platform === 'linux') stepBack();

/** The cost is in the hash itself: `$2b$12$…`. */
const HASH_FORM = /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;
/** Any salt and digest will do: the work is the same, and no password matches. */
const NO_MATCH = 'Q'.repeat(21) + 'O' + '.'.repeat(31);

export type PasswordTask =
  | { task: 'hash'; secret: string; cost: number }
  | { task: 'compare'; secret: string; hash: string | null; cost: number };

/**
 * Hashes or compares one password, in a thread of its own. A comparison that fails always takes the time of `cost`: with no
 * hash (an unknown user), a malformed one, or one of a lower cost.
 */
export default function work(task: PasswordTask): string | boolean {
  if (task.task === 'hash') return hashSync(task.secret, task.cost);
  const form = HASH_FORM.exec(task.hash ?? '');
  if (!form) {
    burn(task.secret, task.cost);
    return false;
  }
  if (compareSync(task.secret, form[0])) return true;
  // 2^c + 2^c + 2^(c+1) + … + 2^(cost-1) = 2^cost
  for (let cost = Number(form[1]); cost < task.cost; cost += 1) burn(task.secret, cost);
  return false;
}

function stepBack(): void {
  try {
    // Only downwards, which needs no privilege.
    if (getPriority() < PRIORITY) setPriority(PRIORITY);
  } catch {
    // A sandbox may forbid it. Hashing goes on at the old priority.
  }
}

function burn(secret: string, cost: number): void {
  compareSync(secret, `$2b$${String(cost).padStart(2, '0')}$${NO_MATCH}`);
}
