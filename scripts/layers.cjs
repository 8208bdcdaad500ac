/**
 * Which folder of src/ may import which others, types included. Each row names only folders above it, so imports run one way:
 * up this list. `.dependency-cruiser.cjs` turns it into rules for `npm run lint`, and CONTRIBUTING.md shows it as a map.
 */
const MAY_IMPORT = {
  utils: [],
  errors: ['utils'],
  messages: ['errors', 'utils'],
  events: ['errors', 'utils'],
  tokens: ['utils'],
  hashes: ['utils'],
  stores: ['errors', 'utils'],
  sessions: ['tokens', 'stores', 'events', 'errors', 'utils'],
  limits: ['stores', 'events', 'errors', 'utils'],
  http: ['tokens', 'stores', 'events', 'messages', 'errors', 'utils'],
  accounts: ['sessions', 'limits', 'hashes', 'tokens', 'stores', 'events', 'messages', 'errors', 'utils'],
  'flow-state': ['limits', 'http', 'tokens', 'events', 'errors', 'utils'],
  middleware: ['sessions', 'limits', 'http', 'tokens', 'stores', 'events', 'messages', 'errors', 'utils'],
  sockets: [
    ...['middleware', 'sessions', 'http', 'tokens', 'stores', 'events', 'messages', 'errors', 'utils'],
  ],
  openapi: ['http', 'errors', 'utils'],
  passport: ['accounts', 'sessions', 'http', 'tokens', 'stores', 'errors', 'utils'],
  controllers: [
    ...['accounts', 'middleware', 'openapi', 'sessions', 'http', 'tokens', 'stores', 'events'],
    ...['messages', 'errors', 'utils'],
  ],
  features: [
    ...[
      'controllers',
      'accounts',
      'flow-state',
      'middleware',
      'sessions',
      'limits',
      'http',
      'tokens',
      'stores',
      'events',
    ],
    ...['messages', 'errors', 'utils'],
  ],
  routes: ['controllers', 'middleware', 'openapi', 'sessions', 'limits', 'http'],
  config: [
    ...['features', 'openapi', 'sessions', 'limits', 'http', 'hashes', 'tokens', 'stores', 'events'],
    ...['messages', 'utils'],
  ],
  client: [],
};

/** At the top: these may import every folder but `client`, no folder imports them, and of each other they import only these. */
const ROOTS = {
  auth: [],
  'assemble-auth': ['auth'],
  'create-auth': ['auth', 'assemble-auth'],
  index: ['auth', 'create-auth'],
  testing: ['auth', 'create-auth'],
  cli: ['auth', 'create-auth'],
  verifier: [],
};

/** The folders that know Express and Passport. `config` only for the type of the option `passport`. */
const KNOW_EXPRESS = [
  ...[
    'http',
    'middleware',
    'sockets',
    'flow-state',
    'passport',
    'controllers',
    'features',
    'routes',
    'config',
  ],
];

module.exports = { MAY_IMPORT, ROOTS, KNOW_EXPRESS };
