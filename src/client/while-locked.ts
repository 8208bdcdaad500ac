import type { SendWrapper } from './guarded-fetch.js';
import { pause } from './refresh.js';
import type { Session } from './session.js';

/**
 * Sends a request, and runs `onSuccess` when it succeeded. Holds the lock all the time, so nothing else changes the tokens in
 * between.
 * @param retryAfterMs sends it once more, so long after its answer got lost. Default: never
 */
export function whileLocked(
  session: Session,
  onSuccess: (response: Response) => Promise<void>,
  retryAfterMs?: number,
): SendWrapper {
  return (send) => {
    const sendOnce = async () => {
      const response = await send();
      if (response.ok) await onSuccess(response.clone());
      return response;
    };
    return session.exclusively(() =>
      sendOnce().catch(async (error: unknown) => {
        if (retryAfterMs === undefined) throw error;
        await pause(retryAfterMs);
        return sendOnce();
      }),
    );
  };
}
