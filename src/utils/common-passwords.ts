let commonPasswords: ReadonlySet<string> | undefined;

/** Loaded with the first password that is set: the list takes 15 MB for a moment, which a guard alone never needs. */
export function isCommonPassword(password: string): boolean {
  commonPasswords ??= loadCommonPasswords();
  return commonPasswords.has(password.normalize('NFC').toLowerCase());
}

function loadCommonPasswords(): ReadonlySet<string> {
  // `import()` is an ES module's business, which Jest in CommonJS mode can't do.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { dictionary } = require('@zxcvbn-ts/language-common') as typeof import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common']);
}
