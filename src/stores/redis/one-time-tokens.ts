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
import { WRITE_DEADLINE_MS, type BoundedRedis } from './client.js';
import { taggedKey } from './keys.js';

/** The index is written before its token, and must live longer. */
const INDEX_OUTLASTS_TOKEN_MS = 10_000;

/** Where a token is, if it is there. */
interface Place {
  subject: string;
  slot: string;
  /** Of the store, in ms since 1970. */
  time: string;
}

type WriteReply = [outcome: 'done' | 'late', answer?: string | null];

/**
 * The one-time tokens of a `RedisRefreshTokenStore`. A subject's tokens are in one hash, and each change of it is one script on
 * one key, which a Cluster can run. Beside it each token has an index, maybe on another node, that says in whose hash to look.
 * Only the hash counts: the index is written before it and stays until its time is up, so it may point to a token that has
 * been taken, or that a crash kept from being written.
 *
 * A failover of Redis may lose the latest writes. A token that was taken just before is then good again until it expires.
 */
export class RedisOneTimeTokens implements OneTimeTokenStore {
  readonly #redis: BoundedRedis;
  readonly #keyPrefix: string;

  /** @param redis knows `oneTimeTokenScripts` */
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
    return Number(await this.#redis.call('visaRemoveTokens', this.#tokensKey(subject), ...kept));
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
 * A write that runs after its deadline does nothing: it would spend a token that no caller gets, or replace one that was
 * created since. On a Cluster `time` is from another node, whose clock may differ, so a write that is too late is tried once
 * more by the clock that judged it.
 */
async function inTime(
  time: string,
  write: (deadline: number) => Promise<unknown>,
): Promise<string | null | undefined> {
  let [outcome, answer] = (await write(Number(time) + WRITE_DEADLINE_MS)) as WriteReply;
  if (outcome === 'late') [outcome, answer] = (await write(Number(answer) + WRITE_DEADLINE_MS)) as WriteReply;
  if (outcome === 'late') throw serviceUnavailable(new Error('Redis was too late with a one-time token'));
  return answer;
}

/** Encoded texts have no colon, so no purpose and slot can be read as another pair. */
function fieldOf(purpose: string, slot: string): string {
  return `${encodeURIComponent(purpose)}:${encodeURIComponent(slot)}`;
}

function milliseconds(now: Date | undefined): number | '' {
  return now?.getTime() ?? '';
}

/** @param packed as the scripts describe it, or nothing */
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
