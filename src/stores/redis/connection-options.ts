/** No command may be sent a second time after a reconnect: its caller has got an error by then. */
const ONCE = {
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: true,
};

/** The time limits of the app's client are switched off: every caller here has its own. */
const UNLIMITED = { commandTimeout: undefined, blockingTimeout: undefined, socketTimeout: undefined };

/** What differs from the app's client, by kind of client. */
export interface ConnectionOptions {
  readonly node: object;
  readonly cluster: object;
}

/**
 * For a connection that reads the log of revocations. When it fails, it is replaced and never reconnects. Reads must come from a
 * master, because a replica may not have the latest revocations yet.
 */
export const READING: ConnectionOptions = {
  node: { ...ONCE, ...UNLIMITED, lazyConnect: true, enableAutoPipelining: false, retryStrategy: () => null },
  cluster: {
    lazyConnect: true,
    enableOfflineQueue: true,
    enableAutoPipelining: false,
    scaleReads: 'master',
    clusterRetryStrategy: () => null,
    retryDelayOnFailover: 0,
  },
};

/** A connection that is silent while a command waits is replaced after this time. */
const SILENCE_MS = 5000;
const RETRY_MS = 500;

/** For a connection that runs the commands of a store. It connects again by itself, for as long as the app's client is in use. */
export const COMMANDING: ConnectionOptions = {
  node: {
    ...ONCE,
    ...UNLIMITED,
    socketTimeout: SILENCE_MS,
    lazyConnect: false,
    retryStrategy: () => RETRY_MS,
  },
  cluster: { lazyConnect: false, enableOfflineQueue: true, clusterRetryStrategy: () => RETRY_MS },
};
