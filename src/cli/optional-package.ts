import { CommandError } from './describe-error.js';

/** Loads an optional peer dependency: `pg` or `ioredis`. @throws CommandError when it is not installed */
export async function optionalPackage<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if (!isMissing(error, name)) throw error;
    throw new CommandError(
      `The package ${name} is missing: run \`npm install passport-visa ${name}\` in the folder of your app, and this command there`,
    );
  }
}

function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && message.includes(`'${name}'`);
}
