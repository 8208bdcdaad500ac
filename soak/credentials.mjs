// How tokens travel: as cookies, or in headers and bodies.

/** @typedef {'cookie' | 'body'} Transport */
/** @typedef {{ accessToken: string, refreshToken: string }} Tokens */

/**
 * @param {Transport} transport
 * @param {Tokens} [tokens]
 * @returns {Record<string, string>}
 */
export function accessHeaders(transport, tokens) {
  if (transport === 'cookie') return { Cookie: `accessToken=${tokens?.accessToken}` };
  return { Authorization: `Bearer ${tokens?.accessToken}` };
}

/**
 * @param {Transport} transport
 * @param {string} [refreshToken]
 * @returns {{ headers?: Record<string, string>, body?: object }}
 */
export function refreshPart(transport, refreshToken = '') {
  if (transport === 'cookie') return { headers: { Cookie: `refreshToken=${refreshToken}` } };
  return { body: { refreshToken } };
}

/**
 * @param {Transport} transport
 * @param {import('./client.mjs').Answer} answer of a login or an exchange
 * @returns {Tokens}
 */
export function tokensOf(transport, { body, cookies }) {
  const { accessToken, refreshToken } = transport === 'cookie' ? cookies : body;
  return { accessToken, refreshToken };
}
