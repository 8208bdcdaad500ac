/** For errors that are no AuthError. They may hold secrets, so the client learns nothing of them. */
export function warnOf(what: string, error: unknown): void {
  process.emitWarning(`A guard of a ${what} failed: ${String(error)}`, 'PassportVisaWarning');
}
