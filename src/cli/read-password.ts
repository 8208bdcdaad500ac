import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { Writable } from 'node:stream';
import { CommandError, UsageError } from './describe-error.js';

/** From the terminal without echo, or the whole of stdin without the line break at its end. Never from an argument. */
export async function readPassword({ fromStdin }: { fromStdin: boolean }): Promise<string> {
  if (fromStdin) return (await text(process.stdin)).replace(/\r?\n$/, '');
  if (!process.stdin.isTTY)
    throw new UsageError('There is no terminal to ask for the password: hand it over with --password-stdin');
  const password = await ask('Password: ');
  if ((await ask('The same once more: ')) === password) return password;
  throw new CommandError('The two passwords differ: nothing was changed');
}

/** Ctrl-C and the end of input give up; closing puts the terminal back as it was. */
async function ask(question: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true, historySize: 0 });
  const givenUp = new AbortController();
  terminal.once('SIGINT', () => givenUp.abort());
  terminal.once('close', () => givenUp.abort());
  process.stderr.write(question); // stdout is for what scripts read
  try {
    return await terminal.question('', { signal: givenUp.signal });
  } catch (error) {
    if (!givenUp.signal.aborted) throw error;
    throw new CommandError('Given up: nothing was changed', { cause: error });
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
