import { UsageError } from './describe-error.js';

/** Variables that are set already win. */
export function loadEnvFile(path: string): void {
  try {
    process.loadEnvFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`--env-file ${path} can't be read (${code ?? 'it is no text file'})`);
  }
}

/** A variable that is set to nothing counts as not set. */
export function setting(name: string): string | undefined {
  return process.env[name] || undefined;
}

/** A password in an argument would be there for all to see, in `ps` and in the shell's history. */
export function requiredSetting(name: string, example: string): string {
  const value = setting(name);
  if (value !== undefined) return value;
  throw new UsageError(
    `${name} is not set: put it into the environment (${name}=${example}), or name a file that has it with --env-file .env`,
  );
}

/** Where a URL leads, without its user and password. It must itself be kept out of every message. */
export function placeOf(name: string, text: string, protocols: readonly string[]): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !protocols.includes(url.protocol))
    throw new UsageError(
      `${name} must be a URL that begins with ${protocols.map((each) => `${each}//`).join(' or ')}`,
    );
  return url.host || 'a local socket';
}
