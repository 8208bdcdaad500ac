/** Sessions of one user that have ended. */
export interface Revocation {
  readonly userId: string;
  readonly sessionIds: readonly string[];
}

/** Who wants to hear of revocations, whichever process they come from. */
export interface RevocationFollower {
  /** How long a revocation must be kept for those who come late: as long as access tokens live. */
  readonly keepForSeconds: number;
  /** May come twice for the same session. */
  onRevoked(revocation: Revocation): void;
  /** Whatever was revoked up to now has been told; called again and again, within `validForMs`, to say that it still holds. */
  onCurrent(validForMs: number): void;
  /** From now on something may be missed, until `onCurrent` is called again. */
  onLost(error: unknown): void;
}

/** What `followRevocations` returns: the follower's connection to the log. */
export interface RevocationFeed {
  /** Tells all followers of a revocation that the store itself didn't make. */
  announce(revocation: Revocation): Promise<void>;
  /** Ends the connection that was opened for this follower. */
  close(): void;
}

/** One connection that reads the log in which a store keeps its latest revocations. */
export interface RevocationReader {
  /** What was logged after `position`, or all that is kept; `more` when there is more to read at once. */
  read(position: string | undefined): Promise<{ revocations: Revocation[]; position: string; more: boolean }>;
  /** Resolves as soon as the log may have grown, after `WAIT_MS` at the latest. Rejects when the connection is lost. */
  wait(position: string): Promise<void>;
  close(): void;
}

/** A log that says nothing for so long is read all the same, which proves that it can still be read. */
export const WAIT_MS = 1000;
const ANSWER_TIMEOUT_MS = 1000;
/** Between two answers at most, and a little more. Matters when this process itself stood still, and its timers with it. */
const VALID_FOR_MS = WAIT_MS + ANSWER_TIMEOUT_MS + 500;
/** The first answer comes after connecting, and over a Sentinel, a Cluster or TLS that takes many round trips. */
const FIRST_ANSWER_TIMEOUT_MS = 3000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 1000;

/**
 * Follows a log: reads all that it keeps, says that it is current, waits for more. Whatever goes wrong ends the connection,
 * and the next one begins with all that is kept, so that nothing depends on where the last one stood.
 * @returns a function that ends it
 */
export function followLog(open: () => RevocationReader, follower: RevocationFollower): () => void {
  const closing = new AbortController();
  void run(open, follower, closing.signal);
  return () => closing.abort();
}

async function run(
  open: () => RevocationReader,
  follower: RevocationFollower,
  closing: AbortSignal,
): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  const report = {
    ...follower,
    onCurrent(validForMs: number) {
      pauseMs = FIRST_PAUSE_MS;
      follower.onCurrent(validForMs);
    },
  };
  while (!closing.aborted) {
    try {
      await readOn(open, report, closing);
    } catch (error) {
      if (closing.aborted) return;
      follower.onLost(error);
      await pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    }
  }
}

/** Until the connection fails, or is closed. */
async function readOn(
  open: () => RevocationReader,
  follower: Pick<RevocationFollower, 'onRevoked' | 'onCurrent'>,
  closing: AbortSignal,
): Promise<never> {
  const reader = open();
  const close = () => reader.close();
  closing.addEventListener('abort', close, { once: true });
  try {
    let position: string | undefined;
    for (;;) {
      closing.throwIfAborted();
      const limitMs = position === undefined ? FIRST_ANSWER_TIMEOUT_MS : ANSWER_TIMEOUT_MS;
      const batch = await within(limitMs, reader.read(position));
      position = batch.position;
      for (const revocation of batch.revocations) follower.onRevoked(revocation);
      if (batch.more) continue;
      follower.onCurrent(VALID_FOR_MS);
      await within(WAIT_MS + ANSWER_TIMEOUT_MS, reader.wait(position));
    }
  } finally {
    closing.removeEventListener('abort', close);
    close();
  }
}

async function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`The log of revocations did not answer within ${milliseconds} ms`));
    }, milliseconds).unref();
  });
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Never holds the process open. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref());
}
