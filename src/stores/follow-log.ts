import { CALL_TIMES } from './call-times.js';
import type { Revocation, RevocationFollower } from './revocation-feed.js';

/** One connection that reads the log in which a store keeps its latest revocations. */
export interface RevocationReader {
  /**
   * Reads what was logged after `position`; without a position, the whole log.
   * @returns the revocations, the position to read on from, and whether there is more to read without waiting
   */
  read(position: string | undefined): Promise<{ revocations: Revocation[]; position: string; more: boolean }>;
  /** Resolves as soon as the log may have grown, after `WAIT_MS` at the latest. Rejects if the connection is lost. */
  wait(position: string): Promise<void>;
  close(): void;
}

/** After this time without news the log is read again, to prove that it can still be read. */
export const WAIT_MS = 1000;
/** Added to the longest time between two answers. It matters when the process and its timers are suspended. */
const SUSPENSION_MS = 500;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 1000;

/**
 * Follows a log: reads all of it, calls `onCurrent`, and waits for more. Any error ends the connection. The next connection reads
 * the log from the beginning, so nothing depends on how far the last one had read.
 * @returns a function that stops following
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
      await readUntilLost(open, report, closing);
    } catch (error) {
      if (closing.aborted) return;
      follower.onLost(error);
      await pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    }
  }
}

/** Reads until the connection fails or is closed. */
async function readUntilLost(
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
      const limitMs = position === undefined ? CALL_TIMES.firstLogAnswer : CALL_TIMES.timeout;
      const batch = await within(limitMs, reader.read(position));
      position = batch.position;
      for (const revocation of batch.revocations) follower.onRevoked(revocation);
      if (batch.more) continue;
      const nextAnswerMs = WAIT_MS + CALL_TIMES.timeout;
      follower.onCurrent(nextAnswerMs + SUSPENSION_MS);
      await within(nextAnswerMs, reader.wait(position));
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

/** Waits without keeping the process alive. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref());
}
