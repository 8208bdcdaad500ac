import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const LIMIT_MS = 5000;
/** For starting Node on a busy machine. */
const START_OF_NODE_MS = 60_000;

/** Runs an ES module in a process of its own, and expects that it soon ends by itself, without a word, once the module is done. */
export async function expectToEnd(
  module: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  const measured = `${module}
    const doneAt = performance.now();
    process.on('exit', () => console.log(performance.now() - doneAt));`;
  // If it doesn't end, it is killed, and the promise rejects.
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', measured, ...args],
    { env: { ...process.env, ...env }, timeout: LIMIT_MS + START_OF_NODE_MS },
  );
  expect([stdout, stderr]).toEqual([expect.stringMatching(/^[\d.]+\n$/), '']);
  expect(Number(stdout)).toBeLessThan(LIMIT_MS);
}
