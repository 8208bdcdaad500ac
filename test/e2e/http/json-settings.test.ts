import { createTestApp, PASSWORD } from '../../helpers/apps/app';

/** docs/recipes.md says which answers go by the app's settings of JSON. */
const testApp = createTestApp();
testApp.app.set('json spaces', 2);
afterAll(() => testApp.auth.close());

test('answers follow the setting "json spaces", except that of a successful refresh', async () => {
  await testApp.register('ann');
  const post = async (path: string, body: object) => {
    const answer = await testApp.client().post(`/auth${path}`).send(body);
    return { text: answer.text, refreshToken: (answer.body as { refreshToken: string }).refreshToken };
  };
  const isIndented = (text: string) => text.startsWith('{\n  "');
  const login = await post('/login', { username: 'ann', password: PASSWORD, transport: 'body' });
  expect(isIndented(login.text)).toBe(true);
  const refresh = await post('/refresh', { refreshToken: login.refreshToken });
  expect([isIndented(refresh.text), refresh.text.startsWith('{"')]).toEqual([false, true]);
  expect(isIndented((await post('/refresh', {})).text)).toBe(true);
  expect(isIndented((await post('/logout', { refreshToken: refresh.refreshToken })).text)).toBe(true);
});
