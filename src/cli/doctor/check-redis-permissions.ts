import { reasonOf } from '../describe-error.js';
import { RefusedCommand, type RedisConnection } from '../redis.js';
import { findingsAbout, type Finding } from './finding.js';

/** The digest of no script. */
const UNKNOWN_SCRIPT = '0'.repeat(40);

/**
 * An example of every command that the store and its limits send, including those in scripts, in a form that Redis queues. At
 * least one is on each kind of key.
 */
function exampleCommands(prefix: string): [command: string, ...args: string[]][] {
  const sessions = `${prefix}{doctor}`;
  const outbox = `${sessions}:ended`;
  const oneTimeToken = `${prefix}token:doctor`;
  const log = `${prefix}revocations`;
  const attempts = `${prefix}attempts:doctor`;
  return [
    ['INFO'], // ioredis sends it to see whether Redis has loaded its data
    ['EVALSHA', UNKNOWN_SCRIPT, '1', sessions],
    ['EVAL', 'return 1', '1', sessions],
    ['TIME'],
    ['HGET', sessions, 'f'],
    ['HGETALL', sessions],
    ['HLEN', sessions],
    ['HRANDFIELD', sessions, '1'],
    ['HSET', sessions, 'f', 'v'],
    ['HDEL', sessions, 'f'],
    ['PTTL', sessions],
    ['PEXPIRE', sessions, '1'],
    ['SADD', outbox, 'm'],
    ['SRANDMEMBER', outbox, '1'],
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

/** The doctor tests all other commands in a transaction, and limits of 0.1.0 set their counters in one. */
const TRANSACTION = ['MULTI', 'EXEC'];

/** The commands that a Redis user needs to be granted with `ACL SETUSER`. */
export const REDIS_COMMANDS: readonly string[] = [
  ...new Set(exampleCommands('').map(([command]) => command)),
  ...TRANSACTION,
];

/**
 * Sends each command in a transaction that is never executed. Redis queues or refuses each one, and reads or writes nothing.
 * Closing the connection discards the transaction.
 */
export async function checkRedisPermissions(redis: RedisConnection, prefix: string): Promise<Finding> {
  const { ok, warn, fail } = findingsAbout('redis');
  const connection = await redis.another();
  try {
    const refused = await findRefusedCommands(connection, prefix);
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
    connection.end();
  }
}

async function findRefusedCommands(redis: RedisConnection, prefix: string): Promise<string[]> {
  const refused: string[] = [];
  // Outside a transaction EXEC always fails, but only a user without the right to it gets NOPERM.
  if (await isRefused(redis.send('EXEC'))) refused.push('EXEC');
  if (await isRefused(redis.send('MULTI'))) return [...refused, 'MULTI'];
  for (const [command, ...args] of exampleCommands(prefix))
    if (await isRefused(redis.send(command, ...args))) refused.push(command);
  return [...new Set(refused)];
}

async function isRefused(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer;
    return false;
  } catch (error) {
    if (!(error instanceof RefusedCommand)) throw error;
    return /\bNOPERM\b/.test(error.message); // the answer to EXEC may be EXECABORT with the reason behind it
  }
}
