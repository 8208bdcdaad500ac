/** @type {string[]} */
const kept = [];

/**
 * Proves that the soak can fail: with SOAK_LEAK=1 the app keeps every token that it receives, like an unbounded cache.
 *
 * @param {import('express').Express} app
 */
export function leakIfAsked(app) {
  if (process.env['SOAK_LEAK'] !== '1') return;
  app.use((req, _res, next) => {
    const token = req.headers.authorization ?? req.headers.cookie;
    if (token) kept.push(token);
    next();
  });
}
