import type { Redis } from 'ioredis';
import { reasonOf } from '../describe-error.js';
import { findingsAbout, type Finding } from './finding.js';

const UNKNOWN_SCRIPT = '0'.repeat(40);

/**
 * Every command that the store and its limits give, scripts included, in a form that Redis would queue, and at least one on
 * each kind of key.
 */
function commandsOf(prefix: string): [command: string, ...args: string[]][] {
  const sessions = `${prefix}{doctor}`;
  const outbox = `${sessions}:ended`;
  const oneTimeToken = `${prefix}token:doctor`;
  const log = `${prefix}revocations`;
  const attempts = `${prefix}attempts:doctor`;
  return [
    ['INFO'], // by ioredis, to see whether Redis has loaded its data
    ['EVALSHA', UNKNOWN_SCRIPT, '1', sessions],
    ['EVAL', 'return 1', '1', sessions],
    ['TIME'],
    ['HGET', sessions, 'f'],
    ['HGETALL', sessions],
    ['HRANDFIELD', sessions, '1'],
    ['HSET', sessions, 'f', 'v'],
    ['HDEL', sessions, 'f'],
    ['PTTL', sessions],
    ['PEXPIRE', sessions, '1'],
    ['SADD', outbox, 'm'],
    ['SMEMBERS', outbox],
    ['SREM', outbox, 'm'],
    ['HSET', oneTimeToken, 'f', 'v'],
    ['XADD', log, '*', 'f', 'v'],
    ['XRANGE', log, '-', '+'],
    ['XREAD', 'STREAMS', log, '0-0'],
    ['SET', attempts, '0'],
    ['INCRBY', attempts, '1'],
    ['EXPIRE', attempts, '1'],
    ['DEL', attempts],
  ];
}

/** The commands of a transaction, with which the limits set a counter, and the doctor asks for all the others. */
const TRANSACTION = ['MULTI', 'EXEC'];

/** What a Redis user needs of `ACL SETUSER`, beside its keys. */
export const REDIS_COMMANDS: readonly string[] = [
  ...new Set(commandsOf('').map(([command]) => command)),
  ...TRANSACTION,
];

/**
 * Asks Redis for each command in a transaction that is never run: a command is queued or refused, and nothing is read or
 * written. The connection that closes throws the transaction away.
 */
export async function checkPermissions(redis: Redis, prefix: string): Promise<Finding> {
  const { ok, warn, fail } = findingsAbout('redis');
  const asking = redis.duplicate();
  asking.on('error', () => undefined); // each command reports it
  try {
    const refused = await refusedOf(asking, prefix);
    if (refused.length === 0)
      return ok(`the user may give all ${REDIS_COMMANDS.length} commands that are needed`);
    const grants = refused.map((command) => `+${command.toLowerCase()}`).join(' ');
    return fail(
      `the user may not give ${refused.join(', ')} on keys that begin with ${prefix}`,
      `ACL SETUSER <user> ~${prefix}* ${grants}`,
    );
  } catch (error) {
    return warn(
      `what the user may do can't be told: ${reasonOf(error)}`,
      'docs/cli.md has the list of commands',
    );
  } finally {
    asking.disconnect();
  }
}

async function refusedOf(redis: Redis, prefix: string): Promise<string[]> {
  const refused: string[] = [];
  // Outside of a transaction it is an error to whoever may give it, and refused to whoever may not.
  if (await isRefused(redis.call('EXEC'))) refused.push('EXEC');
  if (await isRefused(redis.call('MULTI'))) return [...refused, 'MULTI'];
  for (const [command, ...args] of commandsOf(prefix))
    if (await isRefused(redis.call(command, ...args))) refused.push(command);
  return [...new Set(refused)];
}

async function isRefused(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer;
    return false;
  } catch (error) {
    const { name, message } = error as Error;
    if (name !== 'ReplyError') throw error;
    return /\bNOPERM\b/.test(message); // of EXEC it says EXECABORT, and why
  }
}
