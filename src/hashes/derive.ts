import { ResourceError } from './resource-error.js';

type Done = (error: Error | null, digest: Buffer) => void;

/**
 * Calls a function of node:crypto that works off the event loop. Costs, salt and length must have been checked: what still fails is
 * memory, whatever Node calls it. For Argon2, it calls it invalid parameters.
 * @throws ResourceError; TypeError for an argument that is no text
 */
export async function derive(start: (done: Done) => void): Promise<Buffer> {
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      start((error, digest) => {
        if (error) reject(error);
        else resolve(digest);
      });
    });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_INVALID_ARG_TYPE') throw cause;
    throw new ResourceError('node:crypto could not compute a hash', { cause });
  }
}
