import { isPromise } from '../utils/is-promise.js';
import { kindOf } from '../utils/option-words.js';

/** The app's own claims, as a token carries them: plain JSON, frozen. */
export type AppClaims = Readonly<Record<string, unknown>>;

/** Names that RFC 7519, RFC 9068 and this package give to claims. */
const RESERVED = [
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sid', 'roles', 'auth_time', 'amr', 'ver', 'cnf'],
  ...['email_verified', 'enrol'],
];
const reserved = new Set(RESERVED);
/** No names of what every object has either: jsonwebtoken takes `constructor` for one of its own claims, and `__proto__` has an effect. */
const isReserved = (name: string) => reserved.has(name) || name in Object.prototype;

/** Levels of objects and lists below a claim. With the token itself that is what `isTooDeep` takes. */
const MAX_DEPTH = 7;
/** A token has no room for more, and to walk records that share their parts could take for ever. */
const MAX_VALUES = 8 * 1024;

/**
 * Copies what the app's function returned.
 * @throws TypeError that names the claim and the cure, for a reserved name and for what JSON can't carry
 */
export function readAppClaims(returned: unknown): AppClaims {
  if (isPlainObject(returned)) {
    const taken = Object.keys(returned).find(isReserved);
    if (taken === undefined) return new JsonCopier().object(returned, '', 0);
    throw new TypeError(
      `accessToken.claims returned a claim with the name ${taken}, which is reserved: choose another. Reserved are ${RESERVED.join(', ')}`,
    );
  }
  throw new TypeError(`accessToken.claims must return a plain object of claims, not ${kindOf(returned)}`);
}

/** The app's claims in the payload of a verified token, frozen: many requests share them. */
export function appClaimsIn(payload: Readonly<Record<string, unknown>>): AppClaims {
  const claims: Record<string, unknown> = {};
  for (const name of Object.keys(payload)) if (!isReserved(name)) claims[name] = deepFreeze(payload[name]);
  return Object.freeze(claims);
}

/** Takes only what comes back from JSON as it was: a claim must not be another value after the token has been read. */
class JsonCopier {
  #values = 0;

  object(from: Readonly<Record<string, unknown>>, path: string, depth: number): AppClaims {
    const copy: Record<string, unknown> = {};
    if (Object.getOwnPropertySymbols(from).length > 0)
      throw refused(path || 'it', 'has a symbol as a name', 'name its members by texts');
    for (const [name, value] of Object.entries(from)) {
      const at = path === '' ? name : `${path}.${name}`;
      if (name === '__proto__') throw refused(at, 'has a name that no claim may have', 'choose another');
      copy[name] = this.#value(value, at, depth);
    }
    return copy;
  }

  #value(value: unknown, path: string, depth: number): unknown {
    if ((this.#values += 1) > MAX_VALUES)
      throw refused(
        path,
        `is one of more than ${MAX_VALUES} values`,
        'put only what guards need into claims',
      );
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    const isList = Array.isArray(value);
    if (!isList && !isPlainObject(value))
      throw refused(path, `is ${described(value)}, which JSON can't carry`, cureFor(value));
    if (depth === MAX_DEPTH)
      throw refused(path, `lies more than ${MAX_DEPTH} levels deep`, 'make the claim flatter');
    // Array.from reads holes too.
    if (isList) return Array.from(value, (each, n) => this.#value(each, `${path}[${n}]`, depth + 1));
    return this.object(value, path, depth + 1);
  }
}

function refused(path: string, fault: string, cure: string): TypeError {
  return new TypeError(`accessToken.claims returned a bad claim: ${path} ${fault}; ${cure}`);
}

function described(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (isPromise(value)) return 'a promise';
  const name = typeof value === 'object' ? (value as object).constructor?.name : undefined;
  return name ? `an object of the class ${name}` : kindOf(value);
}

function cureFor(value: unknown): string {
  if (value === undefined) return 'leave it out, or use null';
  if (isPromise(value)) return 'await it';
  return 'write it as a text, a number, true, false, null, a list or a plain object';
}

/** Also one of another realm (Jest's, for one), or without a prototype. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) for (const each of value) deepFreeze(each);
  else for (const name of Object.keys(value)) deepFreeze(value[name as keyof Value]);
  return Object.freeze(value);
}
