import { randomBytes } from 'node:crypto';
import fc, { type AsyncCommand } from 'fast-check';
import type { NewSession, RotateRequest, Session } from '../../src';
import { printable } from '../../src/utils/printable';
import type { AgedStore } from './aged-stores';
import type { SessionModel } from './session-model';
import { anyText } from './texts';

type Command = AsyncCommand<SessionModel, AgedStore>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/**
 * Multiples of 15 seconds, because a run itself takes some seconds, in which no session must expire; and one step just past the
 * reuse window.
 */
const steps = fc.constantFrom(15_000, 30_000, 30_000, 30_001, 10 * MINUTE, HOUR, 3 * HOUR, 26 * HOUR);
const seconds = fc.constantFrom(900, 3600, 3 * 3600);
const text = fc.option(anyText.map((each) => printable(each, 512)).filter(Boolean), { nil: undefined });

const login = fc
  .record({
    user: fc.nat(),
    remember: fc.boolean(),
    lifetime: seconds,
    ip: fc.constantFrom(undefined, '192.0.2.1', '2001:db8::1'),
    userAgent: text,
    amr: fc.constantFrom(undefined, ['pwd'], ['pwd', 'otp']),
  })
  .map((args) =>
    command('login', args, async (model, { store, now, aheadMs }) => {
      const { user, lifetime, amr, ...kept } = args;
      const session = (at: number): NewSession => ({
        userId: pick(model.users, user),
        sessionId: id,
        createdAt: new Date(at),
        authTime: new Date(at - 5000),
        expiresAt: new Date(at + lifetime * 1000),
        ...(amr && { amr }),
        ...kept,
      });
      const id = randomBytes(16).toString('base64url');
      model.create(session(now + aheadMs));
      await store.create(session(now));
    }),
  );

/** How a refresh token of a present or past session is presented. `offset` is its generation, counted from the latest. */
const presentation = {
  session: fc.nat(),
  user: fc.option(fc.nat(), { nil: undefined, freq: 9 }),
  offset: fc.constantFrom(1, 1, 1, 1, 0, 0, 0, -1, 2, 5),
  attempt: fc.constantFrom(undefined, undefined, 'one', 'two'),
  origin: fc.constantFrom('home', 'home', 'away', 'further', undefined),
  maxElsewhere: fc.constantFrom(2, 2, 3, undefined),
  expiresInSeconds: seconds,
  maxLifetimeSeconds: fc.constantFrom(2 * 3600, 24 * 3600),
};

const present = fc.record({ ...presentation, times: fc.constantFrom(1, 1, 1, 2, 5) }).map((args) =>
  command('present', args, async (model, subject) => {
    await presentTo(model, subject, requestOf(model, subject, args), args.times);
  }),
);

/** Generation after generation, one origin rotates and another one replays. */
const follow = fc.record({ ...presentation, generations: fc.integer({ min: 2, max: 3 }) }).map((args) =>
  command('follow', args, async (model, subject) => {
    for (let generation = 0; generation < args.generations; generation++) {
      const request = { ...requestOf(model, subject, { ...args, offset: 1 }), attempt: undefined };
      await presentTo(model, subject, { ...request, origin: 'home' });
      await presentTo(model, subject, { ...request, origin: args.origin });
    }
  }),
);

async function presentTo(
  model: SessionModel,
  subject: AgedStore,
  request: RotateRequest,
  times = 1,
): Promise<void> {
  const all = Array.from({ length: times }, () => subject.store.rotate(request));
  const expected = all.map(() => structuredClone(model.rotate(request)));
  const results = await Promise.all(all);
  const inModelTime = results.map((result) => {
    if (!('session' in result)) return result;
    const { now, session, ...rest } = result;
    expect(now.getTime()).toBe(subject.now);
    return { ...rest, session: later(session, subject.aheadMs) };
  });
  expect(sorted(inModelTime)).toEqual(sorted(expected));
}

/** Whichever comes first, the session ends. */
const presentDuringRevocation = fc.record(presentation).map((args) =>
  command('present while it is revoked', args, async (model, subject) => {
    const request = requestOf(model, subject, args);
    const { userId, sessionId } = request;
    await Promise.all([subject.store.rotate(request), subject.store.revoke(userId, sessionId)]);
    model.revoke(userId, sessionId);
  }),
);

const revoke = fc.record({ session: fc.nat(), user: presentation.user }).map((args) =>
  command('revoke', args, async (model, { store }) => {
    const { sessionId, userId } = pick(model.known, args.session);
    const requester = args.user === undefined ? userId : pick(model.users, args.user);
    expect(await store.revoke(requester, sessionId)).toBe(model.revoke(requester, sessionId));
  }),
);

const revokeAll = fc.record({ session: fc.nat(), keepsIt: fc.boolean() }).map((args) =>
  command('revokeAll', args, async (model, { store }) => {
    const { sessionId, userId } = pick(model.known, args.session);
    const except = args.keepsIt ? sessionId : undefined;
    const ended = await store.revokeAll(userId, { except });
    expect(ended.sort()).toEqual(model.revokeAll(userId, except).sort());
  }),
);

const pass = steps.map((ms) =>
  command('pass', ms, async (model, subject) => {
    model.now += ms;
    await subject.pass(ms);
  }),
);

export const sessionCommands = fc.commands(
  [login, present, present, present, follow, presentDuringRevocation, revoke, revokeAll, pass, pass],
  { size: 'medium', maxCommands: 30 },
);

/** After each command the store must give the same answers as the model. */
function command(
  name: string,
  args: unknown,
  act: (model: SessionModel, subject: AgedStore) => Promise<void>,
): Command {
  return {
    check: ({ known }) => name === 'login' || name === 'pass' || known.length > 0,
    async run(model, subject) {
      await act(model, subject);
      for (const userId of model.users) {
        const listed = (await subject.store.list(userId)).map((each) => later(each, subject.aheadMs));
        expect(byId(listed)).toEqual(byId(model.list(userId)));
      }
      for (const { userId, sessionId } of model.known.slice(-2)) {
        const found = await subject.store.find(userId, sessionId);
        expect(found && later(found, subject.aheadMs)).toEqual(model.find(userId, sessionId));
      }
    },
    toString: () => `${name}(${fc.stringify(args)})`,
  };
}

interface Presented extends Omit<
  RotateRequest,
  'userId' | 'sessionId' | 'generation' | 'reuseWindowSeconds' | 'now'
> {
  session: number;
  user: number | undefined;
  offset: number;
}

function requestOf(
  model: SessionModel,
  { now }: AgedStore,
  { session, user, offset, ...rest }: Presented,
): RotateRequest {
  const { userId, sessionId } = pick(model.known, session);
  const generation = Math.max(1, (model.find(userId, sessionId)?.generation ?? 0) + offset);
  const presenter = user === undefined ? userId : pick(model.users, user);
  return { ...rest, userId: presenter, sessionId, generation, reuseWindowSeconds: 30, now: new Date(now) };
}

function later(session: Session, ms: number): Session {
  const moved = (date: Date) => new Date(date.getTime() + ms);
  const { createdAt, authTime, rotatedAt, expiresAt } = session;
  return {
    ...session,
    createdAt: moved(createdAt),
    authTime: moved(authTime),
    rotatedAt: moved(rotatedAt),
    expiresAt: moved(expiresAt),
  };
}

const pick = <T>(all: readonly T[], n: number): T => all[n % all.length] as T;
const byId = (sessions: Session[]) => sessions.sort((a, b) => (a.sessionId < b.sessionId ? -1 : 1));
const sorted = <T extends { outcome: string; firstElsewhere?: boolean }>(results: T[]) => {
  const nameOf = ({ outcome, firstElsewhere }: T) => outcome + String(firstElsewhere);
  return results.sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
};
