import type { AuthErrorCode } from '../errors.js';
import { nameOf, type Endpoint, type EndpointName } from '../http/endpoint.js';
import type { HasFactor } from '../sessions/amr-after.js';
import type { BeforeSession } from '../sessions/start-session.js';
import type { FeatureClaims } from '../sessions/token-claims.js';
import type { Feature, FeatureContext, FeatureParts, OtherFeatures } from './feature.js';
import { parseParts } from './parse-parts.js';

/** What a feature gets, but for the parts of stores and of other features, which this file finds. */
export type SharedContext = Omit<FeatureContext, 'oneTimeTokens' | 'credentials' | 'notify' | 'others'>;

/** All features together. */
export interface FeatureSet {
  readonly beforeSession: readonly BeforeSession[];
  /** The codes with which the features may stop a login. */
  readonly failures: readonly AuthErrorCode[];
  readonly hasFactor: readonly HasFactor[];
  readonly claims: FeatureClaims;
  /** Endpoints of the core that a feature brings itself, or leaves out. */
  readonly replaced: ReadonlySet<EndpointName>;
  /** The endpoints of the core and of the features. @throws TypeError when two operations have the same id */
  endpoints(core: readonly Endpoint[]): Endpoint[];
  /** Undefined where no feature has one. */
  readonly canonicalUsername: ((typed: string) => string) | undefined;
  logoutAll(userId: string): Promise<void>;
  ready(): Promise<void>;
  /** Undefined where no feature has anything to close. */
  readonly close: (() => Promise<void>) | undefined;
}

/** @throws TypeError that names the feature and the cure */
export function setUpFeatures(features: readonly Feature[], context: SharedContext): FeatureSet {
  const names = new Set<string>();
  const notify: FeatureContext['notify'] = (notice) => {
    for (const part of parts) part.notify?.(notice);
  };
  const others = meeting(
    features.map(({ name }) => name),
    () => parts,
  );
  const parts = features.map((feature) => {
    const { name } = feature;
    if (names.has(name)) throw new TypeError(`features has two of the name ${name}: leave one out`);
    names.add(name);
    return parseParts(name, feature.setUp({ ...withStores(name, context), notify, others }));
  });
  const checks = parts.flatMap(({ beforeSession }) => beforeSession ?? []);
  const closing = parts.filter((each) => 'close' in each);
  return {
    beforeSession: checks.map(({ check }) => check),
    failures: checks.flatMap(({ failures }) => failures),
    hasFactor: parts.flatMap(({ hasFactor }) => hasFactor ?? []),
    claims: allClaims(parts),
    replaced: new Set(parts.flatMap(({ replaces = [] }) => replaces)),
    endpoints: (core) => withUniqueIds(allEndpoints(core, parts)),
    canonicalUsername: parts.some((each) => typeof each.canonicalUsername === 'function')
      ? others.canonicalUsername
      : undefined,
    async logoutAll(userId) {
      for (const part of parts) await part.onLogoutAll?.(userId);
    },
    async ready() {
      await Promise.all(parts.map(async (each) => each.ready?.()));
    },
    close: closing.length > 0 ? () => closeAll(closing) : undefined,
  };
}

/** What features do for each other, in whatever order they are set up. */
function meeting(names: readonly string[], parts: () => readonly FeatureParts[]): OtherFeatures {
  return {
    names: new Set(names),
    factor: () => parts().find((each) => each.factor)?.factor,
    factorRules: () => parts().find((each) => each.factorRules)?.factorRules,
    logsIn: (user) => parts().some((each) => each.logsIn?.(user)),
    canonicalUsername: (typed) =>
      parts().reduce((name, each) => each.canonicalUsername?.(name) ?? name, typed),
  };
}

/**
 * What a feature replaces may be switched off already. Two features that bring the same endpoint are an error of the router. An
 * endpoint that starts a session may answer what the checks before a session throw.
 */
function allEndpoints(core: readonly Endpoint[], parts: readonly FeatureParts[]): Endpoint[] {
  const replaced = new Set(parts.flatMap(({ replaces = [] }) => replaces));
  const failures = parts.flatMap(({ beforeSession }) => beforeSession?.failures ?? []);
  const kept = core.filter((endpoint) => !replaced.has(nameOf(endpoint)));
  const refused = parts.some(({ claims }) => claims?.enrol) ? ENROLMENT_FAILURES : [];
  return [...kept, ...parts.flatMap(({ endpoints = [] }) => endpoints)].map((endpoint) => {
    const { beforeEnrolment, needs, startsSession } = endpoint.operation;
    const isRefused = needs === 'access token' && !beforeEnrolment;
    return withFailures(endpoint, [...(startsSession ? failures : []), ...(isRefused ? refused : [])]);
  });
}

/** @throws TypeError when two features bring the same claim */
function allClaims(parts: readonly FeatureParts[]): FeatureClaims {
  const all: FeatureClaims = {};
  for (const { claims = {} } of parts) {
    const twice = Object.keys(claims).find((name) => name in all);
    if (twice !== undefined)
      throw new TypeError(`features has two that bring the claim ${twice}: leave one out`);
    Object.assign(all, claims);
  }
  return all;
}

/** What every guard answers that doesn't let users pass who must enrol a second factor. */
const ENROLMENT_FAILURES: readonly AuthErrorCode[] = ['SECOND_FACTOR_ENROLMENT_REQUIRED'];

function withFailures(endpoint: Endpoint, failures: readonly AuthErrorCode[]): Endpoint {
  const { operation } = endpoint;
  if (failures.length === 0) return endpoint;
  return { ...endpoint, operation: { ...operation, failures: [...operation.failures, ...failures] } };
}

/** OpenAPI names functions of generated clients, and some answers, by the id. */
function withUniqueIds(endpoints: Endpoint[]): Endpoint[] {
  const ids = endpoints.map(({ operation }) => operation.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice === undefined) return endpoints;
  throw new TypeError(`There are two operations with the id ${twice}`);
}

/** Waits for all of them, also when one fails. @throws the first error */
async function closeAll(parts: readonly FeatureParts[]): Promise<void> {
  const results = await Promise.allSettled(parts.map(async (each) => each.close?.()));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** A store that lacks a part is an error only for a feature that asks for it. */
function withStores(feature: string, context: SharedContext): Omit<FeatureContext, 'notify' | 'others'> {
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
