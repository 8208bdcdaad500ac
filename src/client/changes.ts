import type { AuthChange, AuthClient } from './auth-client.js';
import { environment } from './environment.js';

/** The listeners of `onChange`, in all tabs. */
export interface Changes extends Pick<AuthClient, 'onChange' | 'close'> {
  announce(change: AuthChange): void;
}

/** @param betweenTabs whether to announce changes in other tabs too, through a BroadcastChannel called `name` */
export function createChanges(name: string, betweenTabs: boolean): Changes {
  const listeners = new Set<(change: AuthChange) => void>();
  const { BroadcastChannel } = environment;
  const channel = betweenTabs && BroadcastChannel ? new BroadcastChannel(name) : undefined;

  // Each listener runs in its own promise. One that throws is an unhandled rejection: no login fails, no other listener is skipped.
  const notify = (change: AuthChange) =>
    listeners.forEach((listener) => void Promise.resolve(change).then(listener));

  if (channel) {
    channel.onmessage = ({ data }) => notify(data as AuthChange);
    channel.unref?.();
  }
  return {
    onChange(listener) {
      if (typeof listener !== 'function') throw new TypeError('onChange(): the listener must be a function');
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    announce(change) {
      notify(change);
      channel?.postMessage(change);
    },
    close() {
      listeners.clear();
      channel?.close();
    },
  };
}
