import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProgrammingError } from '../../bounded-calls.js';
import { CALL_TIMES } from '../../call-times.js';
import type { OwnConnection, RedisDriver, RedisScript, ScriptArguments } from '../driver.js';
import {
  duplicateOf,
  isCluster,
  isReady,
  isSentinel,
  optionsOf,
  type AnyNodeRedis,
  type Duplicable,
  type NodeRedisOptions,
} from './node-redis-client.js';

type Use = 'reading' | 'commanding';
type Command = readonly [name: string, ...args: string[]];
type KnownScript = RedisScript & { readonly sha: string };

const NOT_CONNECTED = "The client of node-redis isn't connected: call await client.connect() first";
/** How often a client that has to wait looks whether it is ready: not every kind has an event for it. */
const LOOK_MS = 20;
/** The app's own choices don't apply to our commands: types of answers, and the time that a command may wait to be sent. */
const OWN_RULES = { typeMapping: {}, timeout: undefined };

/**
 * A client, a Cluster or a Sentinel of node-redis 5 or 6. What waits in its queue while the connection is down would be sent when it
 * is back, so each script gets a signal that takes it back in time. What has been sent can't be taken back.
 */
export class NodeRedisDriver implements RedisDriver {
  readonly isCluster: boolean;
  protected client: AnyNodeRedis;
  protected readonly options: NodeRedisOptions;
  readonly #scripts = new Map<string, KnownScript>();
  #wasOpen = false;

  constructor(client: AnyNodeRedis) {
    this.client = client;
    this.options = optionsOf(client);
    this.isCluster = isCluster(client);
    // Without a listener an outage would end the process. The calls report the outage instead.
    if (!client.listeners('error').includes(ignore)) client.on('error', ignore);
  }

  /** The one that the client was made with. A later `select()` doesn't show, but scripts go to the right database all the same. */
  get database(): number | undefined {
    return isCluster(this.client) || isSentinel(this.client) ? undefined : (this.options.database ?? 0);
  }

  get status(): string {
    if (!this.client.isOpen) return this.#wasOpen ? 'end' : 'not connected';
    this.#wasOpen = true;
    return isReady(this.client) ? 'ready' : 'connecting';
  }

  async becomeReady(withinMs: number): Promise<void> {
    const until = performance.now() + withinMs;
    while (this.status === 'connecting' && performance.now() < until) await sleep(LOOK_MS);
    if (this.status === 'not connected') throw new TypeError(NOT_CONNECTED);
  }

  /** A connection that may not select its database never becomes ready, so none is ever in another one. */
  onLost(): () => void {
    return ignore;
  }

  define(name: string, script: RedisScript): void {
    this.#scripts.set(name, { ...script, sha: createHash('sha1').update(script.lua).digest('hex') });
  }

  async script(name: string, args: ScriptArguments, until: number): Promise<unknown> {
    const { sha, lua, numberOfKeys } = this.#scripts.get(name) as KnownScript;
    const rest = [String(numberOfKeys), ...args.map(String)];
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), until - performance.now());
    const send = (...command: Command) => this.#sendInTime(args[0], command, abort.signal, until);
    try {
      return await send('EVALSHA', sha, ...rest);
    } catch (error) {
      // Never settles: the call has a time limit of its own, and only that tells a silent server from one that is away.
      if (abort.signal.aborted) return await new Promise<never>(() => undefined);
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
      return await send('EVAL', lua, ...rest);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Taken back too: over the app's client this is a ping, or a read of a store that has no connection of its own. */
  command(key: string | undefined, command: Command): Promise<unknown> {
    const abortSignal = AbortSignal.timeout(CALL_TIMES.firstLogAnswer);
    return this.send(key, command, { ...OWN_RULES, abortSignal });
  }

  dedicated(use: Use): OwnConnection | undefined {
    const { client, options } = this;
    return client.duplicate && new OwnNodeRedis(client as Duplicable, options, use);
  }

  /** When the connection breaks before the answer, the script is sent once more, as ioredis does: all are safe to run twice. */
  async #sendInTime(
    key: string,
    command: Command,
    abortSignal: AbortSignal,
    until: number,
  ): Promise<unknown> {
    const options = { ...OWN_RULES, abortSignal };
    try {
      return await this.send(key, command, options);
    } catch (error) {
      if (abortSignal.aborted || this.status !== 'connecting') throw error;
      await this.becomeReady(until - performance.now());
      if (!isReady(this.client)) throw error;
      return this.send(key, command, options);
    }
  }

  protected async send(key: string | undefined, command: Command, options: object): Promise<unknown> {
    const { client } = this;
    const args = [...command];
    try {
      if (isCluster(client)) return await client.sendCommand(key, false, args, options);
      if (isSentinel(client)) return await client.sendCommand(false, args, options);
      return await client.sendCommand(args, options);
    } catch (error) {
      // A Cluster or a Sentinel that is closed or changes trips over nodes that it doesn't have.
      throw isProgrammingError(error) ? new Error('node-redis has no connection', { cause: error }) : error;
    }
  }
}

const RETRY_MS = 500;
/** How often a connection of our own looks whether the app has closed its client, and whether it has to connect again. */
const WATCH_MS = 250;
/** An attempt to connect that takes longer than this is given up. */
const CONNECT_MS = 5000;
/** Every timeout on a Cluster asks for another connection. */
const SHORTEST_LIFE_MS = 1000;
/** By then each call over a connection that is replaced has its answer, or an error. */
const LAST_ANSWERS_MS = 2000;

/** A duplicate of the app's client. Replaces itself by another one, because only a new Cluster or Sentinel surely finds its nodes. */
class OwnNodeRedis extends NodeRedisDriver implements OwnConnection {
  readonly #open: () => Duplicate;
  readonly #watch: NodeJS.Timeout;
  #current: Duplicate;
  #next: Duplicate | undefined;
  #isEnded = false;

  constructor(ofApp: Duplicable, options: NodeRedisOptions, use: Use) {
    const open = () => new Duplicate(ofApp, options, use);
    const current = open();
    super(current.client);
    this.#open = open;
    this.#current = current;
    this.#watch = setInterval(() => {
      if (!ofApp.isOpen) this.end();
      else if (use === 'commanding' && this.status !== 'ready') this.reconnect();
    }, WATCH_MS).unref();
  }

  override get status(): string {
    if (this.#isEnded) return 'end';
    return isReady(this.client) ? 'ready' : 'connecting';
  }

  override async command(key: string | undefined, command: Command): Promise<unknown> {
    await this.#current.connected;
    return this.send(key, command, OWN_RULES);
  }

  /** The one before stays until its calls have ended: most nodes of a Cluster may be well. */
  reconnect(): void {
    const latest = this.#next ?? this.#current;
    if (this.#isEnded || latest.age < (latest.isConnecting ? CONNECT_MS : SHORTEST_LIFE_MS)) return;
    this.#next?.end();
    const next = (this.#next = this.#open());
    next.client.on('error', ignore);
    next.connected.then(
      () => {
        if (this.#next !== next) return;
        this.#current.end(LAST_ANSWERS_MS);
        [this.#current, this.client, this.#next] = [next, next.client, undefined];
      },
      () => undefined,
    );
  }

  end(): void {
    this.#isEnded = true;
    clearInterval(this.#watch);
    this.#next?.end();
    this.#current.end();
  }
}

class Duplicate {
  readonly client: AnyNodeRedis;
  readonly connected: Promise<unknown>;
  isConnecting = true;
  readonly #openedAt = performance.now();
  #isWanted = true;

  constructor(ofApp: Duplicable, options: NodeRedisOptions, use: Use) {
    const isClient = !isCluster(ofApp) && !isSentinel(ofApp);
    const client = duplicateOf(ofApp, options, () => {
      // A Cluster or a Sentinel that waits for a dead node while it connects would never look for another one.
      const mayRetry = isClient ? use === 'commanding' : isReady(client);
      return this.#isWanted && mayRetry && RETRY_MS;
    });
    this.client = client;
    this.connected = client.connect().finally(() => (this.isConnecting = false));
    this.connected.catch(ignore);
  }

  get age(): number {
    return performance.now() - this.#openedAt;
  }

  /** Waits until it has connected: node-redis goes on opening a socket that isn't open yet when it is destroyed. */
  end(afterMs = 0): void {
    this.#isWanted = false;
    const opened = Promise.race([this.connected.catch(ignore), sleep(CONNECT_MS, undefined, { ref: false })]);
    void opened
      .then(() => sleep(afterMs, undefined, { ref: false }))
      .then(() => this.client.destroy())
      .catch(ignore);
  }
}

function ignore(): void {}
