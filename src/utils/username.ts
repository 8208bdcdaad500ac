import { nfc } from './nfc.js';

/** The longest username, in code points: as long as an e-mail address gets (RFC 5321). */
export const MAX_USERNAME = 254;

/** A username as it is stored and shown: in Unicode form NFC, without white space around it. */
export function normalizeUsername(username: string): string {
  return nfc(username).trim();
}

/**
 * The key by which usernames are compared: two names with the same key are the same name. Σ has two lower-case forms, and both
 * give the same key. Lower-casing can undo the composition (İ becomes i and a combining dot), so NFC is applied again at the end.
 */
export function usernameKey(username: string): string {
  return nfc(normalizeUsername(username).toLowerCase().replaceAll('ς', 'σ'));
}

/** The rules of every username. They have the names of their texts in `messages/`. */
type UsernameRule = 'notEmpty' | 'tooLong' | 'noControlCharacters';

/** @param name normalized @returns the first rule that it breaks; undefined if it breaks none */
export function brokenUsernameRule(name: string): UsernameRule | undefined {
  if (name === '') return 'notEmpty';
  // A code point is at most two units. Server code may hand over a text of any length, and to split it takes long.
  if (name.length > 2 * MAX_USERNAME || Array.from(name).length > MAX_USERNAME) return 'tooLong';
  return /\p{Cc}/u.test(name) ? 'noControlCharacters' : undefined;
}

/** What is drawn as nothing, and every space that looks like the plain one. U+2800 is a Braille pattern without dots. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Z}/u;

/** The viramas of the scripts of India and Sri Lanka. */
const VIRAMA = '[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca]';
const ARABIC_MARKS = '[\u0610-\u061a\u064b-\u065f\u0670]*';
/** Arabic letters that join the next one, and all that join the one before. */
const JOINS_NEXT =
  '[\u0620\u0626\u0628\u062a-\u062e\u0633-\u063f\u0641-\u0647\u0649\u064a\u0678-\u0687\u069a-\u06bf\u06c1\u06c2\u06cc\u06ce\u06d0\u06d1]';
const JOINS_PREVIOUS = '[\u0620\u0622-\u063f\u0641-\u064a\u0671-\u0673\u0675-\u06d3\u06d5]';

/**
 * Joiners where they change how a name looks, as Persian and Indic names have them (RFC 5892, appendices A.1 and A.2). The joiner comes
 * before what is behind it: otherwise each mark of a long row would look back over all the marks before it.
 */
const VISIBLE_JOINERS = new RegExp(
  `[\u200c\u200d](?<=${VIRAMA}.)(?=\\p{L})|\u200c(?<=${JOINS_NEXT}${ARABIC_MARKS}.)(?=${JOINS_PREVIOUS})`,
  'gu',
);

/**
 * Whether the name has invisible characters, so it could look like the name of another user. New names must not. Names
 * from before this rule stay as they are: their users log in with them.
 */
export function hasInvisibleCharacters(username: string): boolean {
  return INVISIBLE.test(username.replace(VISIBLE_JOINERS, ''));
}
