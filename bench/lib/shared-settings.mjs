// What all apps share, so none has an easier task than another.

/** 64 characters: long enough for every library. */
export const ACCESS_SECRET = 'access-token-secret-of-the-benchmark-and-of-nothing-else-0123456';
export const REFRESH_SECRET = 'refresh-token-secret-of-the-benchmark-and-of-nothing-else-012345';
export const FACTOR_KEY = 'second-factor-key-of-the-benchmark-and-of-nothing-else-0123456789';
export const PASSKEYS = { rpId: 'localhost', rpName: 'Bench', origins: 'http://localhost' };

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'https://api.example';

export const ACCESS_SECONDS = 30 * 60;
export const REFRESH_SECONDS = 3 * 60 * 60;

/** bcrypt's cost: the lowest that passport-visa allows, to keep a run short. */
export const COST = 10;
export const PASSWORD = 'correct horse battery staple';

/** A current browser's, with 111 characters. */
export const USER_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
