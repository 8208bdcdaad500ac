import { CommandError } from './describe-error.js';

/**
 * Loads an optional peer dependency, such as `pg`.
 * @param otherwise a sentence about how to do without it, if that is possible
 * @throws CommandError when it is not installed
 */
export function optionalPackage<Module>(
  name: string,
  load: () => Promise<Module>,
  otherwise?: string,
): Promise<Module> {
  return firstInstalled({ [name]: load }, otherwise);
}

/**
 * Loads the first of several packages that is installed.
 * @param loaders by the name of the package
 * @param otherwise a sentence about how to do without them
 * @throws CommandError when none is
 */
export async function firstInstalled<Module>(
  loaders: Record<string, () => Promise<Module>>,
  otherwise?: string,
): Promise<Module> {
  for (const [name, load] of Object.entries(loaders)) {
    try {
      return await load();
    } catch (error) {
      if (!isMissing(error, name)) throw error;
    }
  }
  const [name = '', ...others] = Object.keys(loaders);
  const instead = others.length > 0 ? `Instead of ${name} you can install ${others.join(' or ')}` : otherwise;
  throw new CommandError(
    `The package ${name} is missing: run \`npm install passport-visa ${name}\` in the folder of your app, and this command there${instead === undefined ? '' : `. ${instead}`}`,
  );
}

function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && message.includes(`'${name}'`);
}
