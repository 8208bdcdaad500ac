import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { Writable } from 'node:stream';
import { CommandError, UsageError } from './describe-error.js';

/**
 * Asks for a password twice in the terminal, without echo; or reads all of stdin, without the line break at its end.
 * @throws UsageError when there is no terminal to ask in
 * @throws CommandError when the two passwords differ, or the user gave up
 */
export async function readPassword({ fromStdin }: { fromStdin: boolean }): Promise<string> {
  if (fromStdin) return (await text(process.stdin)).replace(/\r?\n$/, '');
  if (!process.stdin.isTTY)
    throw new UsageError('There is no terminal to ask for the password: hand it over with --password-stdin');
  const password = await askWithoutEcho('Password: ');
  if ((await askWithoutEcho('The same once more: ')) === password) return password;
  throw new CommandError('The two passwords differ: nothing was changed');
}

/** Ctrl-C or the end of input cancels. Closing the interface restores the terminal. */
async function askWithoutEcho(question: string): Promise<string> {
  const noEcho = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: noEcho, terminal: true, historySize: 0 });
  const cancelled = new AbortController();
  terminal.once('SIGINT', () => cancelled.abort());
  terminal.once('close', () => cancelled.abort());
  process.stderr.write(question); // stdout is only for the output that scripts read
  try {
    return await terminal.question('', { signal: cancelled.signal });
  } catch (error) {
    if (!cancelled.signal.aborted) throw error;
    throw new CommandError('Given up: nothing was changed', { cause: error });
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
