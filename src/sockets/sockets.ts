import type { AuthEvents } from '../events/auth-events.js';
import type { AuthenticatedUser } from '../http/authenticated-user.js';
import type { ErrorHandlerServices } from '../middleware/error-handler.js';
import { assertAllowed } from '../middleware/guard-checks.js';
import { ageIn, type VerifyOptions } from '../middleware/guard-options.js';
import { announceRefusal } from '../middleware/refusals.js';
import { AuthError } from '../errors.js';
import type { Revocations } from '../sessions/revocations.js';
import type { SessionConfig } from '../sessions/session-config.js';
import type { Duration } from '../utils/duration.js';
import { isText } from '../utils/check-options.js';
import { kindOf } from '../utils/option-words.js';
import { LiveSockets } from './live-sockets.js';
import { renew } from './renew.js';
import { createSocketIo, type SocketIoServices } from './socket-io.js';
import type { SocketIoMiddleware, WebSocketServerLike } from './socket-types.js';
import { guardUpgrades } from './upgrade.js';

export interface SocketsServices extends SocketIoServices {
  config: SocketIoServices['config'] & ErrorHandlerServices['config'] & Pick<SessionConfig, 'onStoreDown'>;
  events: AuthEvents;
  revocations: Revocations;
  textsFor: ErrorHandlerServices['textsFor'];
}

/** What `auth` has for sockets. Loaded at its first use. */
export class Sockets {
  readonly #services: SocketsServices;
  readonly #live: LiveSockets;
  readonly #guarded = new WeakSet<object>();

  constructor(services: SocketsServices) {
    this.#services = services;
    this.#live = new LiveSockets(services);
  }

  socketIo(options: VerifyOptions = {}): SocketIoMiddleware {
    return createSocketIo(this.#services, this.#live, this.#guarded, options);
  }

  upgrade<Server extends WebSocketServerLike>(server: Server, options: VerifyOptions = {}): Server {
    return guardUpgrades(this.#services, this.#live, this.#guarded, server, options);
  }

  async renew(socket: object, token: unknown): Promise<AuthenticatedUser> {
    return (await renew(this.#services, this.#live, socket, token)).user;
  }

  requireFresh(socket: object, maxAge: Duration): AuthenticatedUser {
    const freshWithinSeconds = ageIn('requireFresh()', maxAge, 'maxAge');
    return this.#require('requireFresh()', socket, { proof: { freshWithinSeconds, methods: [] } });
  }

  requireRoles(socket: object, roles: readonly string[]): AuthenticatedUser {
    if (!Array.isArray(roles) || roles.length === 0)
      throw new TypeError(
        `requireRoles(): roles must be a list of roles such as ['admin'], not ${kindOf(roles)}`,
      );
    for (const role of roles as unknown[])
      if (!isText(role))
        throw new TypeError(`requireRoles(): roles must be a list of texts, and has ${kindOf(role)}`);
    return this.#require('requireRoles()', socket, { roles });
  }

  close(): void {
    this.#live.close();
  }

  #require(call: string, socket: object, checks: Parameters<typeof assertAllowed>[1]): AuthenticatedUser {
    const live = this.#live.find(call, socket);
    if (!live) throw new AuthError('NO_ACCESS_TOKEN');
    try {
      this.#live.assertMayStay(live);
      assertAllowed(live.user, checks, this.#services.config.now());
    } catch (error) {
      announceRefusal(this.#services.events, error, undefined, {
        id: live.userId,
        sessionId: live.sessionId,
      });
      throw error;
    }
    return live.user;
  }
}
