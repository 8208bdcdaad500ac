import { readFileSync } from 'node:fs';

export type SystemUser = { uid: number; gid: number } | undefined;

/** For servers that refuse to run as root. Undefined: run as who we are, because that isn't root. */
export function systemUser(name: string): SystemUser {
  if (process.getuid?.() !== 0) return undefined;
  const entry = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(readFileSync('/etc/passwd', 'utf8'));
  if (!entry) throw new Error(`The system user ${name} was not found: run \`npm run setup\``);
  return { uid: Number(entry[1]), gid: Number(entry[2]) };
}
