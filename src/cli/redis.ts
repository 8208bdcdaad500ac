import type { RedisOptions } from 'ioredis';
import type { RedisClient } from '../stores/redis/redis-client.js';
import { withinTime } from '../utils/within-time.js';
import { CommandError, reasonOf } from './describe-error.js';
import { hostOf, requiredSetting } from './environment.js';
import { firstInstalled } from './optional-package.js';
import { CONNECT_TIMEOUT_MS, noAnswer } from './postgres.js';

/** A connection over whichever package of clients is installed. */
export interface RedisConnection {
  /** For a store. */
  readonly client: RedisClient;
  /** @throws RefusedCommand when Redis answers with an error */
  readonly send: (name: string, ...args: string[]) => Promise<unknown>;
  /** Opens another connection like this one. */
  readonly another: () => Promise<RedisConnection>;
  readonly end: () => void;
}

/** An error that Redis has answered. */
export class RefusedCommand extends Error {}

/** What differs between the packages. */
interface Opened {
  readonly client: RedisClient;
  readonly connected: Promise<unknown>;
  readonly call: (command: [name: string, ...args: string[]]) => Promise<unknown>;
  readonly end: () => void;
  /** Whether an error is an answer of Redis. */
  readonly isReply: (error: Error) => boolean;
}

type Open = (url: string) => Opened;

/**
 * Connects to REDIS_URL, runs `work` and closes the connection.
 * @throws UsageError when REDIS_URL is missing or wrong
 * @throws CommandError when neither `ioredis` nor `redis` is installed, or the server can't be used
 */
export async function withRedis<T>(work: (redis: RedisConnection) => Promise<T>): Promise<T> {
  const url = requiredSetting('REDIS_URL', 'redis://…');
  const place = hostOf('REDIS_URL', url, ['redis:', 'rediss:']);
  const open = await firstInstalled<Open>({
    ioredis: openIoredis,
    redis: openNodeRedis,
    iovalkey: openIovalkey,
  });
  const redis = await connect(open, url).catch((error: unknown) => {
    throw new CommandError(`Redis at ${place} can't be used: ${reasonOf(error)}`, { cause: error });
  });
  try {
    return await work(redis);
  } finally {
    redis.end();
  }
}

/** Limits the whole connection attempt. The packages limit each of its steps separately. */
async function connect(open: Open, url: string): Promise<RedisConnection> {
  const { client, connected, call, end, isReply } = open(url);
  let reason: unknown;
  client.on('error', ((error: unknown) => (reason ??= error)) as () => void);
  const asRefusal = (error: unknown) =>
    isReply(error as Error) ? new RefusedCommand((error as Error).message) : error;
  const send: RedisConnection['send'] = (...command) =>
    call(command).catch((error: unknown) => {
      throw asRefusal(error);
    });
  const ping = async () => {
    await connected;
    // The store never sends PING, so a Redis user with few rights may not be allowed to. The connection works all the same.
    await send('PING').catch((error: unknown) => {
      if (!(error as Error).message.startsWith('NOPERM')) throw error;
    });
  };
  try {
    await withinTime(ping(), CONNECT_TIMEOUT_MS, tooLate);
  } catch (error) {
    end();
    throw asRefusal(reason ?? error);
  }
  return { client, send, end, another: () => connect(open, url) };
}

const tooLate = () => noAnswer(CONNECT_TIMEOUT_MS);

const IOREDIS_OPTIONS = {
  lazyConnect: true,
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: CONNECT_TIMEOUT_MS,
  maxRetriesPerRequest: 0,
  retryStrategy: () => null,
  enableReadyCheck: false, // it sends INFO, and prints a warning where that is forbidden
} satisfies RedisOptions;

type Ioredis = Pick<typeof import('ioredis'), 'Redis'>;

const openerOf =
  ({ Redis }: Ioredis): Open =>
  (url) => {
    const client = new Redis(url, IOREDIS_OPTIONS);
    return {
      client,
      connected: client.connect(),
      call: ([name, ...args]) => client.call(name, args),
      end: () => client.disconnect(),
      isReply: ({ name }) => name === 'ReplyError',
    };
  };

const openIoredis = async () => openerOf(await import('ioredis'));

/** It has the members of ioredis. A name that TypeScript doesn't resolve, because it is not installed where this is built. */
const IOVALKEY: string = 'iovalkey';
const openIovalkey = async () => openerOf((await import(IOVALKEY)) as Ioredis);

async function openNodeRedis(): Promise<Open> {
  const { createClient, ErrorReply } = await import('redis');
  return (url) => {
    const client = createClient({
      ...{ url, RESP: 2, disableClientInfo: true, maintNotifications: 'disabled' },
      socket: { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: false },
    });
    return {
      client,
      connected: client.connect(),
      call: (command) => withinTime(client.sendCommand(command), CONNECT_TIMEOUT_MS, tooLate),
      end: () => client.isOpen && client.destroy(),
      isReply: (error) => error instanceof ErrorReply,
    };
  };
}
