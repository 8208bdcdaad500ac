import type { Command } from 'commander';

/** Made by this package: 16 bytes in base64url, of which every 64th begins with a dash in sessions of older versions. */
const SESSION_ID = /^[\w-]{22}$/;

/**
 * Puts the options of a command first, then `--`, then its arguments. So a session id, a name or a role that begins with a dash is
 * never taken for an option: `-Yl9Ts6deEubFq0apuEfQg`, `-ann`. A name that begins with two dashes looks like a misspelt option, and
 * has to come after `--`.
 */
export function separateArguments(program: Command, args: readonly string[]): string[] {
  const { command, path } = findCommand(program, args);
  if (command.registeredArguments.length === 0) return [...args];
  const options: string[] = [];
  const operands: string[] = [];
  const rest = args.slice(path.length);
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') operands.push(...rest.splice(0));
    else if (isOperand(command, arg)) operands.push(arg);
    else options.push(arg, ...rest.splice(0, takesNext(command, arg) ? 1 : 0));
  }
  return [...path, ...options, '--', ...operands];
}

/** The command that the first arguments name: `sessions end`. */
function findCommand(program: Command, args: readonly string[]): { command: Command; path: string[] } {
  let command = program;
  const path: string[] = [];
  for (const arg of args) {
    const next = command.commands.find((each) => each.name() === arg);
    if (!next) break;
    command = next;
    path.push(arg);
  }
  return { command, path };
}

function isOperand(command: Command, arg: string): boolean {
  if (!arg.startsWith('-')) return true;
  if (arg === '-h' || findOption(command, arg)) return false;
  if (!arg.startsWith('--')) return true;
  return SESSION_ID.test(arg) && command.registeredArguments.some((each) => each.name() === 'sessionId');
}

/** Whether the option's value is the next argument, rather than after a `=`. */
function takesNext(command: Command, arg: string): boolean {
  return !arg.includes('=') && !!findOption(command, arg)?.required;
}

function findOption(command: Command, arg: string) {
  const [flag = ''] = arg.split('=', 1);
  return command.options.find(({ short, long }) => flag === short || flag === long);
}
