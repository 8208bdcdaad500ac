/** What each detail of an AuthError must be, in words, and whether it is. JavaScript has no types, so apps hand over other things too. */
export const ERROR_DETAILS = {
  errors: [
    'a list of { path, message }',
    (value: unknown) => Array.isArray(value) && value.every((each) => areTexts(each, ['path', 'message'])),
  ],
  status: [
    'a whole number from 400 to 599',
    (value: unknown) => isWhole(value) && value >= 400 && value <= 599,
  ],
  retryAfterSeconds: ['a whole number of seconds', isWhole],
  maxAgeSeconds: ['a whole number of seconds', isWhole],
  text: ['{ key, english }, two texts', (value: unknown) => areTexts(value, ['key', 'english'])],
  cause: ['anything', () => true],
} as const;

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function areTexts(value: unknown, members: readonly string[]): boolean {
  const object = (value ?? {}) as Readonly<Record<string, unknown>>;
  return members.every((member) => typeof object[member] === 'string');
}
