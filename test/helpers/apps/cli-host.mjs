// Runs built commands one after the other in one process, because starting a process takes longer than a command.
import { text } from 'node:stream/consumers';
import { PassThrough } from 'node:stream';
import { run } from '../../../dist/cli/program.js';

process.on('disconnect', () => process.exit()); // ends with the test
process.on('message', ({ args, env, input, cwd }) => void command(args, env, input, cwd));

async function command(args, env, input, cwd) {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  if (cwd !== undefined) process.chdir(cwd);
  const stdin = new PassThrough();
  stdin.end(input);
  Object.defineProperty(process, 'stdin', { value: stdin, configurable: true });
  const output = { stdout: new PassThrough(), stderr: new PassThrough() };
  const collected = Object.entries(output).map(async ([name, stream]) => {
    process[name].write = stream.write.bind(stream);
    return [name, await text(stream)];
  });
  const status = await run(args);
  for (const stream of Object.values(output)) stream.end();
  process.send({ status, ...Object.fromEntries(await Promise.all(collected)) });
}
