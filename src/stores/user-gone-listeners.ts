import type { UserGoneListener } from './user-store.js';

/** The listeners of a user store, called when a user has been disabled or deleted. */
export class UserGoneListeners {
  readonly #listeners = new Set<UserGoneListener>();

  add(listener: UserGoneListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when all listeners have finished. */
  async notify(userId: string): Promise<void> {
    await Promise.all(Array.from(this.#listeners, (listener) => listener(userId)));
  }
}
