import { SettingError, UsageError } from './describe-error.js';

/**
 * Loads variables from a file. Those that are already set keep their values.
 * @throws UsageError when the file can't be read
 */
export function loadEnvFile(path: string): void {
  try {
    process.loadEnvFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`--env-file ${path} can't be read (${code ?? 'it is no text file'})`);
  }
}

/** An environment variable. Undefined when it is not set, or empty. */
export function setting(name: string): string | undefined {
  return process.env[name] || undefined;
}

/**
 * An environment variable that a command can't do without. There is no option for it: passwords in arguments can be read in
 * `ps` and in the shell's history.
 * @param otherwise a sentence about how to do without it, if that is possible
 * @throws SettingError when it is not set
 */
export function requiredSetting(name: string, example: string, otherwise?: string): string {
  const value = setting(name);
  if (value !== undefined) return value;
  throw new SettingError(
    `${name} is not set: put it into the environment (${name}=${example}), or name a file that has it with --env-file .env` +
      (otherwise === undefined ? '' : `. ${otherwise}`),
  );
}

/**
 * Host and port of a URL, for messages. The URL itself may hold a password, so no message may contain it.
 * @param others what else the variable may be, for the message
 * @throws SettingError when it is no URL, or has another protocol
 */
export function hostOf(name: string, text: string, protocols: readonly string[], others = ''): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !protocols.includes(url.protocol))
    throw new SettingError(
      `${name} must be a URL that begins with ${protocols.map((each) => `${each}//`).join(' or ')}${others}`,
    );
  return url.host || 'a local socket';
}
