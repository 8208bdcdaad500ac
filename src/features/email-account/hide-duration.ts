/** Milliseconds: many times what the differing steps of a flow take, and too little for a user to notice. */
const BEAT = 10;

/**
 * Runs `work`, and ends at a beat of a clock that has begun with the call. A known address costs some hundredths of a millisecond
 * more than an unknown one, such as for a row that the database returns. Thousands of requests would show that difference, but the
 * same beat hides it.
 */
export function hideDuration<Result>(work: () => Promise<Result>): Promise<Result> {
  const outcome = work();
  let isSettled = false;
  const settle = () => (isSettled = true);
  outcome.then(settle, settle);
  return new Promise((resolve) => {
    const clock = setInterval(() => {
      if (!isSettled) return;
      clearInterval(clock);
      resolve(outcome);
    }, BEAT);
  });
}
