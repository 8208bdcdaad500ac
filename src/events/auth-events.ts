import { EventEmitter } from 'node:events';
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

  /**
   * @param now milliseconds since 1970
   * @param first is called with every event before all listeners, and can't be removed as they can
   */
  constructor(now: () => number = Date.now, first?: Listener) {
    super();
    this.#now = now;
    this.#first = first;
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
   * @param describe makes the event; not called where there is no listener
   */
  announce<Name extends AuthEventName>(name: Name, describe: () => AuthEventDetails[Name]): void {
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
