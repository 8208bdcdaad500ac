export { passkeys } from './passkeys.js';
export type { PasskeysOptions } from './options.js';
