/**
 * Carries out the calls that come as messages, and answers them. Ends when the process that has sent them ends.
 *
 * @param {object} calls its methods are what may be called
 */
export function answerCalls(calls) {
  process.on('message', async (message) => {
    const { id, call, args } = /** @type {{ id: number, call: string, args: unknown[] }} */ (message);
    try {
      const method = /** @type {Record<string, (...args: any[]) => unknown>} */ (calls)[call];
      process.send?.({ id, answer: await method?.(...args) });
    } catch (error) {
      process.send?.({ id, failure: String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
}
