// What the app, its clients and the report must agree on.

/** Short, so sessions expire as fast as new ones begin before the warm-up is over. */
export const ACCESS_SECONDS = 5;
export const REFRESH_SECONDS = 30;
/** As long as a client waits for a response, so two tabs are never mistaken for a theft. */
export const REUSE_WINDOW_SECONDS = 10;
/** Few, so the cache of verified tokens fills during the warm-up: it is bounded, but while it fills it looks like a leak. */
export const CACHED_TOKENS = 300;

/** Requests per second, on a schedule and not as fast as possible, so two runs can be compared. */
export const RATE = 100;
/** More devices than users, so users have several sessions. */
export const DEVICES = 150;
export const USERS = 60;
/** How many of them sometimes type their password. The others log in without one. */
export const TYPING_USERS = 10;
/** Users who mistype their password and then type it right. They have names of their own, so no other user gets locked out. */
export const CLUMSY_USERS = 10;
/** The user whose password is guessed at all the time. */
export const GUESSED_USER = 'guessed';

export const PASSWORD = 'correct horse battery staple';
export const COST = 10;

export const userName = (/** @type {number} */ number) => `user-${number}`;
export const clumsyName = (/** @type {number} */ number) => `clumsy-${number}`;

/** A third of the run, but longer than a process remembers revoked sessions, which includes a clock tolerance of a minute. */
export const warmUpSeconds = (/** @type {number} */ seconds) => Math.max(100, seconds / 3);
