import type { AuthEvents } from '../events/auth-events.js';
import type { Session } from '../stores/refresh-token-store.js';
import { SessionEnder } from './end-sessions.js';
import { TokenIssuer } from './issue-tokens.js';
import type { Revocations } from './revocations.js';
import { SessionRotator } from './rotate-session.js';
import type { SessionConfig } from './session-config.js';
import { SessionStarterOver } from './start-over.js';
import { SessionStarter, type BeforeSession } from './start-session.js';
import { TokenSize } from './token-size.js';

/** Starts, rotates, ends and lists sessions: the one place that joins tokens and store. */
export class Sessions {
  readonly findUser: SessionStarter['findUser'];
  readonly start: SessionStarter['start'];
  readonly startOver: SessionStarterOver['startOver'];
  readonly startedOver: SessionStarterOver['startedOver'];
  readonly repeat: SessionStarterOver['repeat'];
  readonly refresh: SessionRotator['refresh'];
  readonly assertTokenFits: SessionRotator['assertTokenFits'];
  readonly revoke: SessionEnder['revoke'];
  readonly revokeAll: SessionEnder['revokeAll'];
  readonly endByTokens: SessionEnder['endByTokens'];
  readonly endAll: SessionEnder['endAll'];
  readonly #config: SessionConfig;

  /** @param beforeSession called in this order between the proof of every login and its session */
  constructor(
    config: SessionConfig,
    events: AuthEvents,
    revocations: Revocations,
    beforeSession: readonly BeforeSession[],
  ) {
    const issuer = new TokenIssuer(config);
    const tokenSize = new TokenSize(config);
    const ender = new SessionEnder(config, events, revocations);
    const starter = new SessionStarter({ config, events, ender, issuer, tokenSize, beforeSession });
    const starterOver = new SessionStarterOver({ config, events, revocations, ender, issuer });
    const rotator = new SessionRotator({ config, events, revocations, ender, issuer, tokenSize });
    this.#config = config;
    this.findUser = starter.findUser.bind(starter);
    this.start = starter.start.bind(starter);
    this.startOver = starterOver.startOver.bind(starterOver);
    this.startedOver = starterOver.startedOver.bind(starterOver);
    this.repeat = starterOver.repeat.bind(starterOver);
    this.refresh = rotator.refresh.bind(rotator);
    this.assertTokenFits = rotator.assertTokenFits.bind(rotator);
    this.revoke = ender.revoke.bind(ender);
    this.revokeAll = ender.revokeAll.bind(ender);
    this.endByTokens = ender.endByTokens.bind(ender);
    this.endAll = ender.endAll.bind(ender);
  }

  find(userId: string, sessionId: string): Promise<Session | undefined> {
    return this.#config.refreshTokens.find(userId, sessionId);
  }

  /** The one used last comes first. */
  async list(userId: string): Promise<Session[]> {
    const sessions = await this.#config.refreshTokens.list(userId);
    return sessions.sort((a, b) => b.rotatedAt.getTime() - a.rotatedAt.getTime());
  }
}
