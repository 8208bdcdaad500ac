import type { Response } from 'express';
import { z } from 'zod';
import { component } from './component.js';

/** What the endpoints answer when they succeed, before it is written as JSON. The compiler holds the controllers to it. */
export type Answers = { [Name in keyof AnswerSchemas]: z.infer<AnswerSchemas[Name]> };

/** A response that takes this answer and no other. */
export type AnswerResponse<Name extends keyof Answers> = Response<Answers[Name]>;

type AnswerSchemas = ReturnType<typeof createAnswerSchemas>;

let made: AnswerSchemas | undefined;

/** The schemas of all answers, made at the first call: most processes never ask for the OpenAPI document. */
export function answerSchemas(): AnswerSchemas {
  return (made ??= createAnswerSchemas());
}

function createAnswerSchemas() {
  const message = z.string().meta({ description: 'For people.' });
  const roles = z.array(z.string()).meta({ examples: [['member']] });
  const userId = z.string().meta({ examples: ['b1946ac9-2492-4d23-9c1d-1d7f0b8a3a53'] });
  const sessionId = z.string().meta({ examples: ['pT4h0nVq3mJ8cY1sKxW2Zg'] });
  const username = z.string().meta({ description: 'As it was registered.', examples: ['ann'] });
  const instant = (description: string, example: string) =>
    z.date().meta({ description, examples: [example] });
  const ended = (description: string) =>
    z
      .int()
      .min(0)
      .meta({ description, examples: [2] });

  const user = component(
    'AuthUser',
    z.strictObject({ id: userId, username, roles }).meta({ description: 'A user.' }),
  );
  const enrol = z.literal(true).optional().meta({
    description:
      'The user must enrol a second factor first: until then other endpoints answer `SECOND_FACTOR_ENROLMENT_REQUIRED`.',
  });
  const tokenUser = z.strictObject({
    id: userId,
    roles,
    sessionId,
    authTime: instant('When the user logged in.', '2026-11-02T08:30:00.000Z'),
    amr: z
      .array(z.string())
      .optional()
      .meta({
        description: 'How, by the names of RFC 8176, where the login said so.',
        examples: [['pwd', 'otp']],
      }),
    emailVerified: z
      .boolean()
      .optional()
      .meta({ description: 'Whether the user has proved the e-mail address, where the app asks for that.' }),
    enrol,
  });
  const claims = z
    .record(z.string(), z.unknown())
    .meta({ description: 'Further claims, which the app has added.', examples: [{ tenant: 'acme' }] });
  const check = <User extends z.ZodType>(user: User) => {
    const described = user.meta({ description: 'What the access token says about its user.' });
    return component('AuthCheckResponse', z.strictObject({ user: component('AuthTokenUser', described) }));
  };
  const session = component(
    'AuthSession',
    z
      .strictObject({
        id: sessionId,
        current: z.boolean().meta({ description: 'Whether it is the session that asks.' }),
        createdAt: instant('The login.', '2026-11-02T08:30:00.000Z'),
        lastUsedAt: instant(
          'The last use, rounded down to the hour, but not to before the login.',
          '2026-11-02T10:00:00.000Z',
        ),
        expiresAt: instant(
          'When it ends, unless it is refreshed before, rounded up to the hour.',
          '2026-11-02T14:00:00.000Z',
        ),
        ip: z
          .string()
          .nullable()
          .meta({ examples: ['203.0.113.7'] }),
        userAgent: z
          .string()
          .nullable()
          .meta({ examples: ['Chrome 142, Windows'] }),
      })
      .meta({ description: 'One login on one device.' }),
  );
  const tokens = {
    accessToken: z.string().meta({ description: 'Send it as `Authorization: Bearer …`.', examples: [A_JWT] }),
    refreshToken: z.string().meta({ description: 'Good for one refresh.', examples: [A_JWT] }),
    tokenType: z.literal('Bearer'),
    expiresIn: z
      .int()
      .min(1)
      .meta({ description: 'Seconds that the access token lives.', examples: [1800] }),
    refreshExpiresIn: z
      .int()
      .min(1)
      .meta({
        description: 'Seconds until the session ends, unless it is refreshed before.',
        examples: [10800],
      }),
  };
  const jwkMember = z.string().optional();
  const publicKey = z
    .strictObject({
      kty: z.enum(['RSA', 'EC', 'OKP']),
      crv: jwkMember,
      x: jwkMember,
      y: jwkMember,
      n: jwkMember,
      e: jwkMember,
      kid: z.string().meta({
        description: 'The thumbprint of the key (RFC 7638).',
        examples: ['kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'],
      }),
      use: z.literal('sig'),
      alg: z.string().meta({ examples: ['EdDSA'] }),
    })
    .meta({ description: 'A public key (RFC 7518 §6, RFC 8037 §2).' });
  /** Tokens leave by cookie, or in the body. */
  const byTransport = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
    z.xor([
      z.strictObject(shape).meta({ title: 'Tokens in cookies' }),
      z.strictObject({ ...shape, ...tokens }).meta({ title: 'Tokens in the body' }),
    ]);

  return {
    register: component('AuthRegisterResponse', z.strictObject({ message, user })),
    login: component('AuthLoginResponse', byTransport({ message, user, enrol })),
    check: check(tokenUser),
    /** In place of `check`, where the app has claims of its own. */
    checkWithClaims: check(tokenUser.extend({ claims })),
    info: component('AuthInfoResponse', z.strictObject({ user })),
    refresh: component('AuthRefreshResponse', byTransport({ message })),
    logout: component('AuthLogoutResponse', z.strictObject({ message })),
    logoutAll: component(
      'AuthLogoutAllResponse',
      z.strictObject({ message, ended: ended('How many sessions ended.') }),
    ),
    listSessions: component(
      'AuthListSessionsResponse',
      z.strictObject({
        sessions: z
          .array(session)
          .meta({ description: 'The session that asks comes first, then the one used last.' }),
      }),
    ),
    endOtherSessions: component(
      'AuthEndOtherSessionsResponse',
      z.strictObject({ ended: ended('How many sessions ended.') }),
    ),
    password: component('AuthPasswordResponse', byTransport({ message })),
    jwks: component(
      'AuthJwksResponse',
      z
        .strictObject({ keys: z.array(publicKey) })
        .meta({ description: 'A JWK Set (RFC 7517): the keys that verify access tokens.' }),
    ),
    reauthenticate: component('AuthReauthenticateResponse', byTransport({ message })),
  };
}

const A_JWT = 'eyJhbGciOiJIUzI1NiIsInR5cCI6…';
