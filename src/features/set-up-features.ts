import type { AuthErrorCode } from '../errors.js';
import { nameOf, type Endpoint } from '../http/endpoint.js';
import type { BeforeSession } from '../sessions/start-session.js';
import type { Feature, FeatureContext, FeatureParts } from './feature.js';

/** What a feature gets, but for the parts of stores, which this file finds. */
export type SharedContext = Omit<FeatureContext, 'oneTimeTokens' | 'credentials'>;

/** All features together. */
export interface FeatureSet {
  readonly beforeSession: readonly BeforeSession[];
  /** The endpoints of the core and of the features. @throws TypeError when a feature replaces what isn't there */
  endpoints(core: readonly Endpoint[]): Endpoint[];
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** @throws TypeError that names the feature and the cure */
export function setUpFeatures(features: readonly Feature[], context: SharedContext): FeatureSet {
  const set: { name: string; parts: FeatureParts }[] = [];
  for (const feature of features) {
    const { name } = feature;
    if (set.some((other) => other.name === name))
      throw new TypeError(`features has two of the name ${name}: leave one out`);
    set.push({ name, parts: feature.setUp(withStores(name, context)) });
  }
  const all = set.map(({ parts }) => parts);
  const checks = all.flatMap(({ beforeSession }) => beforeSession ?? []);
  return {
    beforeSession: checks.map(({ check }) => check),
    endpoints: (core) => {
      const failures = checks.flatMap((check) => check.failures);
      return set.reduce(withEndpoints, core).map((endpoint) => withLoginFailures(endpoint, failures));
    },
    async ready() {
      await Promise.all(all.map(async (parts) => parts.ready?.()));
    },
    async close() {
      await Promise.all(all.map(async (parts) => parts.close?.()));
    },
  };
}

/** @throws TypeError when the feature replaces what isn't there */
function withEndpoints(
  endpoints: readonly Endpoint[],
  { name, parts }: { name: string; parts: FeatureParts },
): readonly Endpoint[] {
  const { replaces = [] } = parts;
  for (const replaced of replaces) {
    if (endpoints.some((endpoint) => nameOf(endpoint) === replaced)) continue;
    throw new TypeError(`${name} replaces ${replaced}, which this configuration doesn't have`);
  }
  const kept = endpoints.filter((endpoint) => !replaces.includes(nameOf(endpoint)));
  return [...kept, ...(parts.endpoints ?? [])];
}

/** An endpoint that starts a session may answer what the checks before a session throw. */
function withLoginFailures(endpoint: Endpoint, failures: readonly AuthErrorCode[]): Endpoint {
  const { operation } = endpoint;
  if (!operation.startsSession || failures.length === 0) return endpoint;
  return { ...endpoint, operation: { ...operation, failures: [...operation.failures, ...failures] } };
}

/** A store that lacks a part is an error only for a feature that asks for it. */
function withStores(feature: string, context: SharedContext): FeatureContext {
  const { users, refreshTokens } = context.config;
  const part = <Part extends object>(
    found: Part | undefined,
    [option, method, type]: readonly [option: string, method: string, type: string],
    members: readonly (keyof Part & string)[],
  ): Part => {
    if (found && members.every((member) => typeof found[member] === 'function')) return found;
    throw new TypeError(
      `${feature} needs ${option} to have the method ${method}() that returns a ${type} (${members.join(', ')}): ` +
        'take a store of this package, or add the method to yours',
    );
  };
  return {
    ...context,
    oneTimeTokens: () =>
      part(
        refreshTokens.oneTimeTokens?.(),
        ['refreshTokens', 'oneTimeTokens', 'OneTimeTokenStore'],
        ['create', 'find', 'take', 'removeAll'],
      ),
    credentials: () =>
      part(
        users.credentials?.(),
        ['users', 'credentials', 'CredentialStore'],
        ['list', 'find', 'add', 'replace', 'remove', 'removeAll'],
      ),
  };
}
