import { kindOf } from '../../utils/option-words.js';
import { MAX_USER_ID_LENGTH } from '../max-user-id-length.js';
import type { ColumnFacts, Dialect } from './dialects/dialect.js';

const WHOLE = /^(0|-?[1-9]\d{0,19})$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Of the types that are smaller than a kind's largest one. */
const BITS = { tinyint: 8, smallint: 16, mediumint: 24 };

/** Whether a column can hold the id. A database would refuse it, or read `12abc` as 12. */
export function canBeId(text: string, column: ColumnFacts | undefined, { padsTexts }: Dialect): boolean {
  if (!canBeOwnId(text, padsTexts)) return false;
  if (column?.kind === 'uuid') return UUID.test(text);
  if (column?.kind !== 'integer' && column?.kind !== 'bigint') return true;
  if (!WHOLE.test(text)) return false;
  const id = BigInt(text);
  const bits = bitsOf(column);
  return id === (/\bunsigned\b/i.test(column.type) ? BigInt.asUintN(bits, id) : BigInt.asIntN(bits, id));
}

/**
 * Whether our own tables can hold the id.
 * @param padsTexts whether the database takes a text and the same with a space behind it for one
 */
export function canBeOwnId(text: string, padsTexts: boolean): boolean {
  return text !== '' && text.length <= MAX_USER_ID_LENGTH && !(padsTexts && text.endsWith(' '));
}

function bitsOf({ kind, type }: ColumnFacts): number {
  if (kind === 'bigint') return 64;
  const [name = ''] = /^[a-z]+/.exec(type) ?? [];
  return BITS[name as keyof typeof BITS] ?? 32;
}

/**
 * The roles that a column holds: a list, or JSON of one.
 * @throws TypeError for anything else
 */
export function rolesIn(value: unknown, column: string): string[] {
  const list = typeof value === 'string' ? parsed(value) : value;
  if (list === null || list === undefined) return [];
  if (Array.isArray(list) && list.every((role) => typeof role === 'string')) return [...list];
  throw new TypeError(
    `The column ${column} holds ${kindOf(value)}, not a list of roles: leave out columns.roles, and give the function roles instead: roles: (row) => [row.${column}]`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const FLAGS = new Map<unknown, boolean>([
  ...[true, 1, 1n, 'true', 't', '1'].map((each) => [each, true] as const),
  ...[false, 0, 0n, 'false', 'f', '0'].map((each) => [each, false] as const),
]);

/** Whether a flag is true, or a time is there. */
export function isSetIn(value: unknown): boolean {
  const flag = FLAGS.get(Buffer.isBuffer(value) ? value[0] : value);
  return flag ?? (value !== null && value !== undefined);
}

/** @returns undefined for NULL @throws TypeError for what is neither true nor false */
export function flagIn(value: unknown, column: string): boolean | undefined {
  if (value === null || value === undefined) return undefined;
  const flag = FLAGS.get(Buffer.isBuffer(value) ? value[0] : value); // MySQL's BIT(1) comes as a byte
  if (flag !== undefined) return flag;
  throw new TypeError(`The column ${column} holds ${kindOf(value)}, and must hold true or false`);
}
