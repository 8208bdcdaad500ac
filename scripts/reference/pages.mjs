/** Exports that the page of the options shows. */
export const ELSEWHERE = ['AuthOptions', 'LimitsOptions', 'PasswordOptions'];

/** @type {import('./api-page.mjs').Page} */
export const AUTH_PAGE = {
  title: 'auth, stores and types',
  text:
    'What `passport-visa` exports, except the [options](options.md) of `createAuth`. [Client](client.md) has `passport-visa/client`, [Hashes](hashes.md) `passport-visa/hashes`, [MySQL](mysql.md) `passport-visa/mysql`, [Prisma](prisma.md) `passport-visa/prisma`, [Drizzle](drizzle.md) `passport-visa/drizzle`, [Kysely](kysely.md) `passport-visa/kysely`, [Knex](knex.md) `passport-visa/knex`, [SQLite](sqlite.md) `passport-visa/sqlite`, [Verifier](verifier.md) `passport-visa/verifier`, [Testing your app](../testing.md) ' +
    '`passport-visa/testing`. Methods that take options throw a TypeError for an option that is unknown or wrong; the message names it.',
  calledAs: {
    Auth: 'auth',
    AuthEvents: 'auth.events',
    ServerSessions: 'auth.sessions',
    ServerPasswords: 'auth.passwords',
    ServerUsernames: 'auth.usernames',
    EmailAccount: 'account',
    SecondFactor: 'factor',
    FlowState: 'auth.flowState',
    UserStore: 'UserStore',
    IdentityStore: 'IdentityStore',
    PostgresUserStore: 'PostgresUserStore',
    MemoryUserStore: 'MemoryUserStore',
    RefreshTokenStore: 'RefreshTokenStore',
    RedisRefreshTokenStore: 'RedisRefreshTokenStore',
    PostgresRefreshTokenStore: 'PostgresRefreshTokenStore',
    MemoryRefreshTokenStore: 'MemoryRefreshTokenStore',
    AttemptCounter: 'AttemptCounter',
    RevocationFeed: 'RevocationFeed',
    RevocationFollower: 'RevocationFollower',
    CredentialStore: 'CredentialStore',
    OneTimeTokenStore: 'OneTimeTokenStore',
  },
  hidden: ['AuthEvents.constructor', 'AuthEvents.announce', 'AuthError.name', 'UsernameTakenError.name'],
  parts: [
    {
      title: 'auth',
      names: [
        ...[
          'createAuth',
          'Auth',
          'GuardOptions',
          'CompleteLoginOptions',
          'LoginOptions',
          'RegistrationOptions',
          'RegisteredUser',
          'StandardSchemaV1',
          'StandardSchemaResult',
          'StandardSchemaIssue',
          'RegisterOptions',
          'ChangePasswordOptions',
          'FormOptions',
          'LogoutOptions',
          'RedirectTo',
          'FailureRedirect',
          'ErrorBody',
          'ErrorBodyOptions',
          'TextOf',
          'ServerSessions',
          'ServerPasswords',
          'ServerUsernames',
          'StartSession',
          'StartSessionOptions',
          'EndSession',
          'SessionEnd',
          'SessionEndListener',
          'SessionEndReason',
          'SessionTokens',
          'PublicUser',
          'SessionStartOptions',
          'SessionRefreshOptions',
          'OriginOptions',
          'Verify',
          'VerifyOptions',
          'VerifySource',
          'TrustedOrigins',
          'SocketIoMiddleware',
          'SocketIoData',
          'SocketIoSocket',
          'WebSocketServerLike',
          'SocketEndCode',
        ],
        ...['OpenApiOptions', 'OpenApiInfo', 'OpenApiServer', 'OpenApiDocument'],
        ...['FlowState', 'FlowStateOptions', 'StateStore', 'RequestIds'],
      ],
    },
    {
      title: 'E-mail accounts',
      names: [
        ...['emailAccount', 'EmailAccount', 'EmailAccountOptions', 'MailLogin'],
        ...['SendMail', 'Mail', 'MailTextsOption', 'OwnMailTexts', 'MailText'],
      ],
    },
    { title: 'Second factor', names: ['secondFactor', 'SecondFactor', 'SecondFactorOptions', 'FactorReset'] },
    {
      title: 'Users in requests',
      names: [
        ...['userOf', 'AuthenticatedUser', 'LoadedUser', 'VerifiedUser', 'Register'],
        ...['RegisteredClaims', 'ClaimsUser', 'ClaimsSession'],
      ],
    },
    {
      title: 'Events',
      names: [
        ...[
          'AuthEvents',
          'AuthEvent',
          'AuthEventName',
          'AUTH_EVENT_NAMES',
          'AuthEventMap',
          'AuthEventDetails',
          'RequestOrigin',
        ],
        ...[
          'RevocationReason',
          'LoginFailureReason',
          'FlowStateFailureReason',
          'MailKind',
          'OneTimeTokenPurpose',
          'SecondFactorKind',
          'FactorFailureReason',
          'RefusalCode',
          'AuditRecord',
          'AuditEventName',
        ],
      ],
    },
    {
      title: 'Errors',
      names: [
        ...[
          'AuthError',
          'AuthErrorDetails',
          'UsernameTakenError',
          'AuthErrorBody',
          'AuthErrorCode',
          'AUTH_FAILURES',
          'FieldError',
          'BrokenRule',
        ],
      ],
    },
    {
      title: 'User stores',
      names: [
        ...[
          'UserStore',
          'StoredUser',
          'NewUser',
          'UserGoneListener',
          'IdentityStore',
          'Identity',
          'PostgresUserStore',
        ],
        ...[
          'PostgresUserStoreOptions',
          'UserColumns',
          'SqlTableOptions',
          'UserTableOptions',
          'UserTableRow',
          'UserStoreReadyOptions',
          'ListUsersOptions',
          'MemoryUserStore',
          'newUsername',
          'normalizeUsername',
          'usernameKey',
        ],
      ],
    },
    {
      title: 'Session stores',
      names: [
        ...[
          'RefreshTokenStore',
          'NewSession',
          'CreateOptions',
          'Session',
          'RotateRequest',
          'RotateResult',
          'RaiseRequest',
          'RaiseResult',
        ],
        ...['RedisRefreshTokenStore', 'RedisRefreshTokenStoreOptions', 'PostgresRefreshTokenStore'],
        ...['PostgresRefreshTokenStoreOptions', 'MemoryRefreshTokenStore', 'AttemptCounter'],
        ...['RevocationFeed', 'Revocation', 'RevocationFollower'],
      ],
    },
    {
      title: 'What features keep',
      names: [
        ...['CredentialStore', 'Credential', 'NewCredential', 'RemoveCredentialsOptions'],
        ...['OneTimeTokenStore', 'OneTimeToken', 'NewOneTimeToken', 'Feature'],
      ],
    },
    {
      title: 'Types of options',
      names: [
        ...['Duration', 'Secret', 'KeyInput', 'KeyPair', 'Algorithm', 'OnStoreDown'],
        ...[
          'Locale',
          'MessagesOption',
          'Messages',
          'MessageKey',
          'PostgresClient',
          'RedisClient',
          'IoredisClient',
          'NodeRedisClient',
          'NodeRedisCluster',
          'NodeRedisSentinel',
        ],
      ],
    },
  ],
};

/** @type {import('./api-page.mjs').Page} */
export const CLIENT_PAGE = {
  title: 'The client',
  text: 'What `passport-visa/client` exports: one function that makes a client, and its types. [Single-page apps](../spa.md) and [mobile apps](../mobile.md) show how to use it.',
  calledAs: { AuthClient: 'client', TokenStorage: 'storage' },
  hidden: [],
  parts: [
    { title: 'Client', names: ['createAuthClient', 'AuthClientOptions', 'AuthClient', 'AuthClientError'] },
    {
      title: 'Types',
      names: [
        'AuthUser',
        'TokenUser',
        'DeviceSession',
        'Credentials',
        'StepUp',
        'AuthChange',
        'TokenStorage',
        'StoredTokens',
      ],
    },
  ],
};

/** @type {import('./api-page.mjs').Page} */
export const ACCOUNT_CLIENT_PAGE = {
  title: 'The client of e-mail accounts',
  text: "What `passport-visa/client/account` exports: the calls of the feature `emailAccount`, beside a [client](client.md). `AuthUser`, `Credentials` and `AuthClientError` are the client's.",
  calledAs: { AccountClient: 'account', ChallengeStorage: 'storage' },
  hidden: [],
  parts: [
    { title: 'Client', names: ['createAccountClient', 'AccountClientOptions', 'AccountClient', 'takeToken'] },
    {
      title: 'Types',
      names: [
        ...['AddressOwner', 'MailLoginRequest', 'VerificationLink', 'UsedLink', 'UsedLoginLink'],
        ...['ChallengeStorage', 'Challenges'],
      ],
    },
  ],
};

/** @type {import('./api-page.mjs').Page} */
export const SECOND_FACTOR_CLIENT_PAGE = {
  title: 'The client of second factors',
  text: "What `passport-visa/client/second-factor` exports: the calls of the feature `secondFactor`, beside a [client](client.md), and `stepUp` for its option `reauthenticate`. `AuthUser`, `StepUp` and `AuthClientError` are the client's.",
  calledAs: { SecondFactorClient: 'factors' },
  hidden: [],
  parts: [
    { title: 'Client', names: ['createSecondFactorClient', 'SecondFactorClient', 'stepUp', 'AskForProof'] },
    {
      title: 'Types',
      names: [
        ...['SecondStep', 'Factors', 'Factor', 'TotpEnrolment', 'TotpConfirmation', 'TrustedDevice'],
        ...['ProofQuestion', 'Proof'],
      ],
    },
  ],
};

/** @type {import('./api-page.mjs').Page} */
export const PASSKEY_CLIENT_PAGE = {
  title: 'The client of passkeys',
  text: "What `passport-visa/client/passkeys` exports: the calls of the feature `passkeys`, beside a [client](client.md). `AuthUser` and `AuthClientError` are the client's. [Passkeys](../passkeys.md) shows how to use them.",
  calledAs: { PasskeyClient: 'keys' },
  hidden: [],
  parts: [
    { title: 'Client', names: ['passkeys', 'PasskeyClient'] },
    { title: 'Types', names: ['PasskeyLogin', 'PasskeyProof', 'Passkey', 'RegisteredPasskey'] },
  ],
};

/** @type {import('./api-page.mjs').Page} */
export const PASSKEYS_PAGE = {
  title: 'Passkeys',
  text: 'What `passport-visa/passkeys` exports: the feature that logs users in with [passkeys](../passkeys.md).',
  calledAs: {},
  hidden: [],
  parts: [{ title: 'Feature', names: ['passkeys', 'PasskeysOptions'] }],
};

/** @type {import('./api-page.mjs').Page} */
export const SQLITE_PAGE = {
  title: 'SQLite',
  text: 'What `passport-visa/sqlite` exports: stores in a file of SQLite. [SQLite](../sqlite.md) shows how to use them; [Your own users table](../own-users-table.md) explains the mapping.',
  calledAs: {},
  hidden: [],
  parts: [
    { title: 'Sessions', names: ['SqliteRefreshTokenStore', 'SqliteRefreshTokenStoreOptions'] },
    {
      title: 'Users',
      names: [
        'SqliteUserStore',
        'SqliteUserStoreOptions',
        'SqlTableOptions',
        'UserTableOptions',
        'UserColumns',
        'UserTableRow',
      ],
    },
    { title: 'Database', names: ['SqliteDatabase', 'SqliteStatement'] },
  ],
};

/** @type {import('./api-page.mjs').Page} */
export const HASHES_PAGE = {
  title: 'Hashes of passwords',
  text: 'What `passport-visa/hashes` exports: schemes for the options `password.hasher` and `password.verifiers`. [Password hashes](../password-hashes.md) shows how to use them.',
  calledAs: {},
  hidden: [],
  parts: [
    { title: 'Schemes', names: ['argon2', 'scrypt', 'pbkdf2', 'phpass'] },
    { title: 'Their options', names: ['Argon2Options', 'ScryptOptions', 'Pbkdf2Options', 'HashForm'] },
    {
      title: 'Types',
      names: ['HashingScheme', 'VerifyingScheme', 'ThreadedScheme', 'PasswordFunctions', 'PasswordVerifier'],
    },
  ],
};

/** @type {import('./api-page.mjs').Page} */
export const MYSQL_PAGE = {
  title: 'MySQL and MariaDB',
  text: 'What `passport-visa/mysql` exports: users in a table of MySQL or MariaDB. [MySQL and MariaDB](../mysql.md) shows how to use it; [Your own users table](../own-users-table.md) explains the mapping.',
  calledAs: {},
  hidden: [],
  parts: [
    {
      title: 'Store',
      names: [
        'MysqlUserStore',
        'MysqlUserStoreOptions',
        'SqlTableOptions',
        'UserTableOptions',
        'UserColumns',
        'UserTableRow',
      ],
    },
    {
      title: 'Clients',
      names: ['MysqlClient', 'MysqlPool', 'MysqlConnection', 'MysqlWithPromises', 'MysqlQuery'],
    },
  ],
};

/** The stores over the app's own table, by their entry points. */
export const OWN_TABLE_PAGES = Object.fromEntries(
  /** @type {const} */ ([
    ['prisma', 'Prisma', ['PrismaClientLike']],
    ['drizzle', 'Drizzle', ['DrizzleClient', 'DrizzleTable']],
    ['kysely', 'Kysely', ['KyselyClient']],
    ['knex', 'Knex', ['KnexClient']],
  ]).map(([name, title, clients]) => [
    name,
    /** @type {import('./api-page.mjs').Page} */ ({
      title,
      text: `What \`passport-visa/${name}\` exports: users in your own table, through ${title}. [${title}](../${name}.md) shows how to use it; [Your own users table](../own-users-table.md) explains the mapping.`,
      calledAs: {},
      hidden: [],
      parts: [
        {
          title: 'Store',
          names: [
            `${title}UserStore`,
            `${title}UserStoreOptions`,
            'UserTableOptions',
            'UserColumns',
            'UserTableRow',
          ],
        },
        { title: 'Clients', names: [...clients] },
      ],
    }),
  ]),
);

/** @type {import('./api-page.mjs').Page} */
export const VERIFIER_PAGE = {
  title: 'Verifier',
  text: 'What `passport-visa/verifier` exports: guards for services that have no secret and start no session. [Other services](../other-services.md) shows how to use it. [auth, stores and types](auth.md) has the types that both share.',
  calledAs: { Verifier: 'verifier', VerifierOptions: 'VerifierOptions' },
  hidden: [],
  parts: [
    {
      title: 'Verifier',
      names: [
        'createVerifier',
        'VerifierOptions',
        'Verifier',
        'VerifierGuardOptions',
        'VerifierCheckOptions',
        'VerifierVerify',
      ],
    },
    { title: 'Types', names: ['VerifierStore', 'JwkSet', 'Jwk'] },
  ],
};
