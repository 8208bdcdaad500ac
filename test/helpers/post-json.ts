/** The `RequestInit` of a POST with a JSON body. */
export const postJson = (body: object) => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});
