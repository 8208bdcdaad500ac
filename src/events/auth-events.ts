import { EventEmitter } from 'node:events';
import { OutageWarning } from './outage-warning.js';
import { unknownName } from '../utils/parse-call.js';
import { printable } from '../utils/printable.js';
import {
  AUTH_EVENT_NAMES,
  type AuthEvent,
  type AuthEventDetails,
  type AuthEventMap,
  type AuthEventName,
} from './auth-event.js';

type Listener = (event: AuthEvent) => unknown;

/** Longer than any username, id or address that this package lets pass. */
const MAX_TEXT = 512;

/**
 * The typed emitter behind `auth.events`. Like every EventEmitter it has `on`, `once` and `off`:
 * `auth.events.on('login', ({ userId }) => …)`. An error that a listener throws becomes a warning and never a failed login.
 */
export class AuthEvents extends EventEmitter<AuthEventMap> {
  readonly #now: () => number;
  readonly #first: Listener | undefined;
  readonly #outage: OutageWarning;

  /**
   * @param now milliseconds since 1970
   * @param first is called with every event before all listeners, and can't be removed as they can
   * @param owner what warnings call the object with these events
   */
  constructor(now: () => number = Date.now, first?: Listener, owner = 'auth') {
    super();
    this.#now = now;
    this.#first = first;
    this.#outage = new OutageWarning(owner);
  }

  /** Listens to every event, in the order they happen. @returns a function that removes the listener */
  onAny(listener: (event: AuthEvent) => unknown): () => void {
    for (const name of AUTH_EVENT_NAMES) this.on(name, listener);
    return () => {
      for (const name of AUTH_EVENT_NAMES) this.off(name, listener);
    };
  }

  /**
   * `emit` for this package's own use: a listener that fails keeps the event from no other.
   * Without a listener for `unavailable` an outage becomes a warning.
   * @param describe makes the event; called only if a listener or a warning needs it
   */
  announce<Name extends AuthEventName>(name: Name, describe: () => AuthEventDetails[Name]): void {
    if (name === 'unavailable' || name === 'revocations') this.#watchOutage(describe());
    if (this.#first === undefined && this.listenerCount(name) === 0) return;
    const event = { type: name, at: new Date(this.#now()), ...printableTexts(describe()) };
    const listeners: unknown[] = (this as EventEmitter).rawListeners(name);
    for (const listener of this.#first ? [this.#first, ...listeners] : listeners) {
      // Called inside the promise: a listener that throws and one that rejects end alike.
      new Promise((resolve) => resolve(Reflect.apply(listener as Listener, this, [event]))).catch(
        (error: unknown) => {
          warn(listener === this.#first ? 'The audit log of' : 'A listener of auth.events', name, error);
        },
      );
    }
  }

  /** @param event `unavailable`, or `revocations`, which also tells when the store can be reached again */
  #watchOutage({ current, error }: { current?: boolean; error?: Error }): void {
    if (current) this.#outage.healed();
    else if (error && this.listenerCount('unavailable') === 0) this.#outage.failed(error);
  }
}

/**
 * Node's own events. `error` is never announced, but `once()` of node:events listens for it beside every other event.
 */
const NODE_EVENTS: readonly unknown[] = ['newListener', 'removeListener', 'error'];

/** `once` and its kin call these. */
const METHODS = [
  ...(['on', 'addListener', 'prependListener'] as const),
  ...(['off', 'removeListener', 'removeAllListeners', 'emit'] as const),
];

// A listener of an event that doesn't exist would wait for ever, and one of a misspelt event would never be removed.
for (const method of METHODS) {
  const inherited = Reflect.get(EventEmitter.prototype, method) as (...args: unknown[]) => unknown;
  const value = function (this: AuthEvents, ...args: unknown[]): unknown {
    if (args.length > 0 || method !== 'removeAllListeners') assertKnown(args[0]);
    return Reflect.apply(inherited, this, args);
  };
  Object.defineProperty(AuthEvents.prototype, method, { value, configurable: true, writable: true });
}

/** @throws TypeError that names the events */
function assertKnown(name: unknown): void {
  if (typeof name === 'symbol' || NODE_EVENTS.includes(name)) return;
  if ((AUTH_EVENT_NAMES as readonly unknown[]).includes(name)) return;
  throw new TypeError(unknownName('event', String(name), String(name), AUTH_EVENT_NAMES));
}

/** Text that a client typed can't forge a line in a log, and a listener that changes the event changes nothing else. */
function printableTexts<T extends object>(details: T): T {
  const entries = Object.entries(details) as [string, unknown][];
  return Object.fromEntries(entries.map(([name, value]) => [name, detached(value)])) as T;
}

function detached(value: unknown): unknown {
  if (typeof value === 'string') return printable(value, MAX_TEXT);
  return Array.isArray(value) ? [...(value as unknown[])] : value;
}

function warn(source: string, event: AuthEventName, error: unknown): void {
  process.emitWarning(`${source} '${event}' failed: ${String(error)}`, 'PassportVisaWarning');
}
