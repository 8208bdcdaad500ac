import { nfc } from './nfc.js';

let commonPasswords: ReadonlySet<string> | undefined;

/**
 * Whether the password is on the list of common passwords, without regard to case. The list is loaded when the first password is
 * set. Loading takes 15 MB for a moment, which a process that only has guards never needs.
 */
export function isCommonPassword(password: string): boolean {
  commonPasswords ??= loadCommonPasswords();
  return commonPasswords.has(nfc(password).toLowerCase());
}

function loadCommonPasswords(): ReadonlySet<string> {
  // `require`, because Jest can't run `import()` in CommonJS mode.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { dictionary } = require('@zxcvbn-ts/language-common') as typeof import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common']);
}
