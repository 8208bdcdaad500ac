// Calls the routes of ../admin.mjs. `auth.fetch` renews an expired access token and repeats the request.
import { auth } from './auth.mjs';

/**
 * @typedef {object} Account
 * @property {{ id: string, username: string, roles: string[], disabled: boolean }} user
 * @property {import('./session-card.mjs').ListedSession[]} sessions
 * @property {boolean} own whether it is the admin's own account
 */

/** @param {string} username @returns {Promise<Account>} */
export function findAccount(username) {
  return /** @type {Promise<Account>} */ (request('GET', `?username=${encodeURIComponent(username)}`));
}

/** @param {string} id @param {{ disabled: boolean }} changes */
export function changeAccount(id, changes) {
  return request('PATCH', `/${encodeURIComponent(id)}`, changes);
}

/** @param {string} id @param {string} [sessionId] default: all of them */
export function endSessions(id, sessionId) {
  const path = `/${encodeURIComponent(id)}/sessions`;
  return request('DELETE', sessionId === undefined ? path : `${path}/${encodeURIComponent(sessionId)}`);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<unknown>}
 * @throws a Failure (failures.mjs): `code` and, if the server sent it, `retryAfterSeconds`
 */
async function request(method, path, body) {
  const json = body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const response = await auth.fetch(`/admin/users${path}`, { method, ...json });
  if (response.status === 204) return undefined;
  const answer = await response.json();
  if (response.ok) return answer;
  const retryAfterSeconds = Number(response.headers.get('Retry-After'));
  throw Object.assign(new Error(answer.message), { code: answer.code, retryAfterSeconds });
}
