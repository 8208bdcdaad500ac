import { types } from 'node:util';
import { lru } from 'tiny-lru';

/** How many id objects are kept. One that is forgotten is made again from its text. */
const KEPT_OBJECTS = 10_000;

type Make = (text: string) => unknown;

/**
 * Tokens and sessions have the ids of users as texts. A store of the app's own may have them as numbers, or as objects such as
 * an ObjectId of MongoDB. It gets each id back as it gave it.
 */
export class UserIds {
  readonly #objects = lru<object>(KEPT_OBJECTS);
  /** Makes an id of the kind that the store has. Undefined until the store has shown one. */
  #make: Make | undefined;

  /** For an id that the store has returned. @returns undefined for a value that is no id */
  textOf(id: unknown): string | undefined {
    const text = textOfId(id);
    if (text === undefined) return undefined;
    if (typeof id === 'object') {
      const Id = (id as object).constructor as new (text: string) => unknown;
      this.#objects.set(text, id as object);
      this.#make = (other) => new Id(other);
    } else {
      this.#make = { string: String, number: Number, bigint: BigInt }[typeof id as string];
    }
    return text;
  }

  /**
   * The id as the store has it. Until the store has shown one, all that it may be.
   * @param id a text, or what a strategy of the app's put into `req.user.id`
   */
  originalsOf(id: unknown): unknown[] {
    if (typeof id !== 'string') return [id, textOfId(id)];
    const kept = this.#objects.get(id);
    if (kept !== undefined) return [kept];
    if (this.#make) return [madeOf(this.#make, id) ?? id];
    const number = madeOf(Number, id);
    return number === undefined ? [id] : [id, number];
  }
}

/** The text of an id that a store of the app's own may have. Undefined for a value that is no id. */
export function textOfId(id: unknown): string | undefined {
  if (typeof id === 'string') return id;
  if (typeof id === 'bigint' || Number.isSafeInteger(id)) return String(id);
  return typeof id === 'object' && id !== null ? ownTextOf(id) : undefined;
}

/** Undefined if the text would become another id, such as a number that isn't exact. */
function madeOf(make: Make, text: string): unknown {
  try {
    const id = make(text);
    return String(id) === text ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes have none: what is not UTF-8 in them becomes the same character, and two ids could become one. */
function ownTextOf(id: object): string | undefined {
  if (Array.isArray(id) || ArrayBuffer.isView(id) || types.isDate(id)) return undefined;
  const { toString } = id as { toString?: unknown };
  const text: unknown = typeof toString === 'function' ? toString.call(id) : undefined;
  return typeof text === 'string' && text !== Object.prototype.toString.call(id) ? text : undefined;
}
