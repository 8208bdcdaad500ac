/** A hash was not computed, because this machine lacks the memory or the threads for it. An outage, and no fault of the password or of the hash. */
export class ResourceError extends Error {
  override readonly name = 'ResourceError';
}
