// What the app, its clients and the report must agree on.

/** Short, so that within the warm-up sessions run out as fast as they begin. */
export const ACCESS_SECONDS = 5;
export const REFRESH_SECONDS = 30;
/** As long as a client waits for an answer, so that two tabs are never taken for a thief. */
export const REUSE_WINDOW_SECONDS = 10;
/** Few, so that the memory for verified tokens is full within the warm-up: it is bounded, but filling it looks like a leak. */
export const CACHED_TOKENS = 300;

/** Requests a second, by a schedule and not as fast as possible, so that two runs can be compared. */
export const RATE = 100;
/** More of them than users, so that users have several sessions. */
export const DEVICES = 150;
export const USERS = 60;
/** So many of them now and then type their password; the others are proved elsewhere. */
export const TYPING_USERS = 10;
/** They mistype their password, and then don't: a name of their own each, so that nobody else is locked out. */
export const CLUMSY_USERS = 10;
/** Somebody else guesses at this one all the time. */
export const GUESSED_USER = 'guessed';

export const PASSWORD = 'correct horse battery staple';
export const COST = 10;

export const userName = (/** @type {number} */ number) => `user-${number}`;
export const clumsyName = (/** @type {number} */ number) => `clumsy-${number}`;

/** A third of the run, and long enough for what a process remembers of revoked sessions: the clock tolerance of a minute, and more. */
export const warmUpSeconds = (/** @type {number} */ seconds) => Math.max(100, seconds / 3);
