import { z } from 'zod';
import { AUTH_FAILURES } from '../errors.js';
import { isPromise } from '../utils/is-promise.js';
import { parseCall } from '../utils/parse-call.js';
import type { FeatureParts } from './feature.js';

const aFunction = z.custom((value) => typeof value === 'function', 'must be a function');

const endpoint = z.strictObject({
  verb: z.enum(['get', 'post', 'patch', 'delete']),
  path: z.string().startsWith('/', "must begin with '/'"),
  chain: z.array(aFunction).nonempty('must have a handler'),
  operation: z.looseObject({ id: z.string().min(1) }),
});

const failure = z
  .string()
  .refine((code) => Object.hasOwn(AUTH_FAILURES, code), 'must be a code of errors.ts');

const partsSchema = z.strictObject({
  endpoints: z.array(endpoint).optional(),
  replaces: z.array(z.string()).optional(),
  beforeSession: z.strictObject({ check: aFunction, failures: z.array(failure) }).optional(),
  hasFactor: aFunction.optional(),
  canonicalUsername: aFunction.optional(),
  notify: aFunction.optional(),
  logsIn: aFunction.optional(),
  factor: z.looseObject({}).optional(),
  factorRules: z.looseObject({}).optional(),
  onLogoutAll: aFunction.optional(),
  claims: z.strictObject({ emailVerified: aFunction.optional(), enrol: aFunction.optional() }).optional(),
  ready: aFunction.optional(),
  close: aFunction.optional(),
});

/**
 * What `setUp` returned. A misspelt part would be a check that is never asked, so nothing unknown passes.
 * @throws TypeError that names the feature and the cure
 */
export function parseParts(feature: string, parts: FeatureParts): FeatureParts {
  const returned = parts as unknown;
  if (typeof returned !== 'object' || returned === null || Array.isArray(returned) || isPromise(returned))
    throw new TypeError(`${feature}: setUp() must return an object of parts, at once and not as a promise`);
  parseCall(`${feature}: setUp()`, partsSchema, parts);
  return parts;
}
