import type { AuthChange, AuthClient } from './auth-client.js';
import { environment } from './environment.js';

export interface Changes extends Pick<AuthClient, 'onChange' | 'close'> {
  announce(change: AuthChange): void;
}

/** Tells this client's listeners and, by BroadcastChannel, those in other tabs. */
export function createChanges(name: string, betweenTabs: boolean): Changes {
  const listeners = new Set<(change: AuthChange) => void>();
  const { BroadcastChannel } = environment;
  const channel = betweenTabs && BroadcastChannel ? new BroadcastChannel(name) : undefined;

  // A listener that throws is an unhandled rejection, and neither a failed login nor the end of its neighbours.
  const tell = (change: AuthChange) =>
    listeners.forEach((listener) => void Promise.resolve(change).then(listener));

  if (channel) {
    channel.onmessage = ({ data }) => tell(data as AuthChange);
    channel.unref?.();
  }
  return {
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    announce(change) {
      tell(change);
      channel?.postMessage(change);
    },
    close() {
      listeners.clear();
      channel?.close();
    },
  };
}
