import { randomUUID } from 'node:crypto';
import { serviceUnavailable } from '../../errors.js';
import {
  checkedOneTimeToken,
  checkLookup,
  checkRemoval,
  type NewOneTimeToken,
  type OneTimeToken,
  type OneTimeTokenStore,
} from '../one-time-token-store.js';
import { CALL_TIMES } from '../call-times.js';
import type { BoundedRedis } from './client.js';
import { taggedKey } from './keys.js';

/** How much longer the index is kept than its token, because it is written earlier and must not expire first. */
const INDEX_OUTLASTS_TOKEN_MS = 10_000;

/** Where to look for a token, which may be gone. */
interface Place {
  subject: string;
  slot: string;
  /** The store's time, in milliseconds since 1970. */
  time: string;
}

type WriteReply = [outcome: 'done' | 'late', answer?: string | null];

/**
 * The one-time tokens of a `RedisRefreshTokenStore`. A subject's tokens are in one hash, and every change is one script on one
 * key, which a Cluster can run. In addition each token has an index, perhaps on another node, which tells in whose hash to look.
 * Only the hash decides: the index is written first and stays until it expires, so it may point to a token that has been taken,
 * or that was never written because of a crash.
 *
 * A failover of Redis may lose the latest writes. A token that was taken just before is then valid again until it expires.
 */
export class RedisOneTimeTokens implements OneTimeTokenStore {
  readonly #redis: BoundedRedis;
  readonly #keyPrefix: string;

  /** @param redis a client that was made with `oneTimeTokenScripts` */
  constructor(redis: BoundedRedis, keyPrefix: string) {
    this.#redis = redis;
    this.#keyPrefix = keyPrefix;
  }

  async create(token: NewOneTimeToken): Promise<void> {
    const { purpose, subject, slot, hash, data, lifetimeMs, now } = checkedOneTimeToken(token);
    const time = await this.#redis.call(
      'visaIndexToken',
      this.#indexKey(purpose, hash),
      subject,
      slot,
      lifetimeMs + INDEX_OUTLASTS_TOKEN_MS,
    );
    const members = [fieldOf(purpose, slot), hash, data === undefined ? '' : `=${data}`, lifetimeMs];
    await inTime(time as string, (deadline) =>
      this.#redis.call('visaCreateToken', this.#tokensKey(subject), ...members, milliseconds(now), deadline),
    );
  }

  async find(
    purpose: string,
    hash: string,
    { now }: { now?: Date | undefined } = {},
  ): Promise<OneTimeToken | undefined> {
    const place = await this.#locate(purpose, hash, now);
    if (!place) return undefined;
    const [key, field] = [this.#tokensKey(place.subject), fieldOf(purpose, place.slot)];
    const packed = await this.#redis.call('visaFindToken', key, field, hash, milliseconds(now));
    return toToken(purpose, hash, place, packed);
  }

  async take(
    purpose: string,
    hash: string,
    { now }: { now?: Date | undefined } = {},
  ): Promise<OneTimeToken | undefined> {
    const place = await this.#locate(purpose, hash, now);
    if (!place) return undefined;
    const keys = [this.#tokensKey(place.subject), this.#takenKey(place.subject, randomUUID())] as const;
    const wanted = [fieldOf(purpose, place.slot), hash, milliseconds(now)];
    const packed = await inTime(place.time, (deadline) =>
      this.#redis.call('visaTakeToken', ...keys, ...wanted, deadline),
    );
    return toToken(purpose, hash, place, packed);
  }

  async removeAll(
    subject: string,
    { except = [] }: { except?: readonly string[] | undefined } = {},
  ): Promise<number> {
    checkRemoval(subject, except);
    const kept = except.map(encodeURIComponent);
    const key = this.#tokensKey(subject);
    const time = await this.#redis.call('visaStoreTime', key);
    return Number(
      await inTime(time as string, (deadline) =>
        this.#redis.call('visaRemoveTokens', key, ...kept, deadline),
      ),
    );
  }

  async #locate(purpose: string, hash: string, now: Date | undefined): Promise<Place | undefined> {
    checkLookup(purpose, hash, now);
    const reply = await this.#redis.call('visaLocateToken', this.#indexKey(purpose, hash));
    const [subject, slot, time] = reply as [string, string, string];
    return subject === '' ? undefined : { subject, slot, time };
  }

  #indexKey(purpose: string, hash: string): string {
    return `${this.#keyPrefix}token:${encodeURIComponent(purpose)}:${hash}`;
  }

  #tokensKey(subject: string): string {
    return `${taggedKey(this.#keyPrefix, subject)}:tokens`;
  }

  #takenKey(subject: string, callId: string): string {
    return `${taggedKey(this.#keyPrefix, subject)}:taken:${callId}`;
  }
}

/**
 * Writes with a deadline. A write that runs later does nothing, because it would use up a token that no caller gets, or replace a
 * token that was created meanwhile. On a Cluster `time` comes from another node, whose clock may differ. So a write that is late
 * is tried once more, with the time of the node that rejected it.
 * @throws AuthError SERVICE_UNAVAILABLE if that is late too
 */
async function inTime(
  time: string,
  write: (deadline: number) => Promise<unknown>,
): Promise<string | null | undefined> {
  let [outcome, answer] = (await write(Number(time) + CALL_TIMES.writeDeadline)) as WriteReply;
  if (outcome === 'late')
    [outcome, answer] = (await write(Number(answer) + CALL_TIMES.writeDeadline)) as WriteReply;
  if (outcome === 'late') throw serviceUnavailable(new Error('Redis was too late with a one-time token'));
  return answer;
}

/** Encoded texts contain no colon, so two different pairs of purpose and slot never give the same field. */
function fieldOf(purpose: string, slot: string): string {
  return `${encodeURIComponent(purpose)}:${encodeURIComponent(slot)}`;
}

function milliseconds(now: Date | undefined): number | '' {
  return now?.getTime() ?? '';
}

/** @param packed a value in the format that the scripts describe, or null */
function toToken(
  purpose: string,
  hash: string,
  { subject, slot }: Place,
  packed: unknown,
): OneTimeToken | undefined {
  const [, expiresAt, hasData, data] = /^1\n.*\n(.*)\n(=?)([^]*)$/.exec((packed ?? '') as string) ?? [];
  if (expiresAt === undefined) return undefined;
  return {
    purpose,
    subject,
    slot,
    hash,
    data: hasData ? data : undefined,
    expiresAt: new Date(Number(expiresAt)),
  };
}
