type Listener = () => void;

/** What has events. */
interface Emitter {
  on(event: string, listener: Listener): unknown;
}

/** By client and event. Weak, so a client that the app drops is collected with its listeners. */
const listenersOf = new WeakMap<Emitter, Map<string, Set<Listener>>>();

/**
 * Listens for an event of the app's client. All stores and followers of a client share one listener for each event: with eleven of
 * their own, Node would warn of a leak.
 * @returns a function that stops listening
 */
export function listenTo(client: Emitter, event: string, listener: Listener): () => void {
  const events = listenersOf.get(client) ?? new Map<string, Set<Listener>>();
  listenersOf.set(client, events);
  const shared = events.get(event) ?? new Set<Listener>();
  if (!events.has(event)) {
    events.set(event, shared);
    client.on(event, () => {
      for (const each of [...shared]) each();
    });
  }
  shared.add(listener);
  return () => void shared.delete(listener);
}
