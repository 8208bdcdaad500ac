// Runs built commands one after the other in one process, because starting a process takes longer than a command.
import { text } from 'node:stream/consumers';
import { PassThrough } from 'node:stream';
import { run } from '../../../dist/cli/program.js';

process.on('disconnect', () => process.exit()); // ends with the test
process.on('message', ({ args, env, input, cwd }) => void command(args, env, input, cwd));

/**
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @param {string | undefined} input
 * @param {string | undefined} cwd
 */
async function command(args, env, input, cwd) {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  if (cwd !== undefined) process.chdir(cwd);
  const stdin = new PassThrough();
  stdin.end(input);
  Object.defineProperty(process, 'stdin', { value: stdin, configurable: true });
  const [out, err] = [new PassThrough(), new PassThrough()];
  process.stdout.write = out.write.bind(out);
  process.stderr.write = err.write.bind(err);
  const printed = Promise.all([text(out), text(err)]);
  const status = await run(args);
  out.end();
  err.end();
  const [stdout, stderr] = await printed;
  process.send?.({ status, stdout, stderr });
}
