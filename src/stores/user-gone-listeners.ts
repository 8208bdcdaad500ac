import type { UserGoneListener } from './user-store.js';

/** Those who want to know when a user is disabled or deleted. */
export class UserGoneListeners {
  readonly #listeners = new Set<UserGoneListener>();

  add(listener: UserGoneListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async tell(userId: string): Promise<void> {
    await Promise.all(Array.from(this.#listeners, (listener) => listener(userId)));
  }
}
