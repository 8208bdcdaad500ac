import type { AuthEvents } from '../events/auth-events.js';
import type { Session } from '../stores/refresh-token-store.js';
import { amrAfter, type HasFactor } from './amr-after.js';
import { SessionEnder } from './end-sessions.js';
import { TokenIssuer } from './issue-tokens.js';
import { SessionRaiser } from './raise-session.js';
import type { Revocations } from './revocations.js';
import { SessionRotator } from './rotate-session.js';
import { MOST_SESSIONS, type SessionConfig } from './session-config.js';
import { SessionStarterOver } from './start-over.js';
import { SessionStarter, type BeforeSession } from './start-session.js';
import { TokenClaims, type FeatureClaims } from './token-claims.js';
import { TokenSize } from './token-size.js';

/** Starts, rotates, raises, ends and lists sessions: the one place that joins tokens and store. */
export class Sessions {
  readonly findUser: SessionStarter['findUser'];
  readonly start: SessionStarter['start'];
  readonly startOver: SessionStarterOver['startOver'];
  readonly startedOver: SessionStarterOver['startedOver'];
  readonly repeat: SessionStarterOver['repeat'];
  readonly refresh: SessionRotator['refresh'];
  readonly assertTokenFits: SessionRotator['assertTokenFits'];
  readonly raise: SessionRaiser['raise'];
  readonly raiseOrJoin: SessionRaiser['raiseOrJoin'];
  readonly repeatRaise: SessionRaiser['repeat'];
  readonly assertRaises: SessionRaiser['assertRaises'];
  readonly revoke: SessionEnder['revoke'];
  readonly revokeAll: SessionEnder['revokeAll'];
  readonly endByTokens: SessionEnder['endByTokens'];
  readonly endAll: SessionEnder['endAll'];
  readonly #config: SessionConfig;
  readonly #hasFactor: readonly HasFactor[];

  /**
   * @param beforeSession called in this order between the proof of every login and its session
   * @param hasFactor asked where a session keeps its `mfa`
   * @param featureClaims what features say in access tokens
   */
  constructor(
    config: SessionConfig,
    events: AuthEvents,
    revocations: Revocations,
    beforeSession: readonly BeforeSession[],
    hasFactor: readonly HasFactor[],
    featureClaims: FeatureClaims,
  ) {
    const tokenSize = new TokenSize(config);
    const claims = new TokenClaims(config, featureClaims, tokenSize);
    const issuer = new TokenIssuer(config, claims);
    const ender = new SessionEnder(config, events, revocations);
    const starter = new SessionStarter({ config, events, ender, issuer, tokenSize, claims, beforeSession });
    const starterOver = new SessionStarterOver({ config, events, revocations, ender, issuer, claims });
    const rotator = new SessionRotator({ config, events, revocations, ender, issuer, tokenSize, claims });
    const raiser = new SessionRaiser({ config, events, issuer, tokenSize, claims, hasFactor });
    this.#config = config;
    this.#hasFactor = hasFactor;
    this.findUser = starter.findUser.bind(starter);
    this.start = starter.start.bind(starter);
    this.startOver = starterOver.startOver.bind(starterOver);
    this.startedOver = starterOver.startedOver.bind(starterOver);
    this.repeat = starterOver.repeat.bind(starterOver);
    this.refresh = rotator.refresh.bind(rotator);
    this.assertTokenFits = rotator.assertTokenFits.bind(rotator);
    this.raise = raiser.raise.bind(raiser);
    this.raiseOrJoin = raiser.raiseOrJoin.bind(raiser);
    this.repeatRaise = raiser.repeat.bind(raiser);
    this.assertRaises = raiser.assertRaises.bind(raiser);
    this.revoke = ender.revoke.bind(ender);
    this.revokeAll = ender.revokeAll.bind(ender);
    this.endByTokens = ender.endByTokens.bind(ender);
    this.endAll = ender.endAll.bind(ender);
  }

  /** How a session is proved after a new proof. @throws AuthError SERVICE_UNAVAILABLE */
  amrAfter(proof: readonly string[], session: Session): Promise<readonly string[] | undefined> {
    return amrAfter(proof, session, this.#hasFactor);
  }

  find(userId: string, sessionId: string): Promise<Session | undefined> {
    return this.#config.refreshTokens.find(userId, sessionId);
  }

  /**
   * The one used last comes first. A user has no more than the limit allows, unless they are from before it: then some are left out.
   * @param present the id of a session that is never left out
   */
  async list(userId: string, present?: string): Promise<Session[]> {
    const limit = this.#config.maxSessions ?? MOST_SESSIONS;
    const found = await this.#config.refreshTokens.list(userId, { limit });
    const sessions = found.sort(latestFirst).slice(0, limit);
    if (present === undefined || sessions.length < limit) return sessions;
    if (sessions.some(({ sessionId }) => sessionId === present)) return sessions;
    const missing = await this.find(userId, present);
    return missing ? [...sessions.slice(0, -1), missing].sort(latestFirst) : sessions;
  }
}

function latestFirst(a: Session, b: Session): number {
  return b.rotatedAt.getTime() - a.rotatedAt.getTime();
}
