import { postJson } from '../../helpers/post-json';
import { useDocPage } from '../../helpers/snippets';

const page = useDocPage('docs/strategies/api-key.md');

test('only the right key is exchanged for tokens', async () => {
  const browse = await page.start('api-key', { ROBOT_KEY: 'the key of the robot' });
  const ask = (key: string) => browse('/tokens', { method: 'POST', headers: { 'X-Api-Key': key } });
  expect((await ask('another key')).status).toBe(401);
  expect((await browse('/tokens', { method: 'POST' })).status).toBe(401);
  const pair = (await (await ask('the key of the robot')).json()) as {
    accessToken: string;
    refreshToken: string;
  };
  const headers = { Authorization: `Bearer ${pair.accessToken}` };
  expect(await (await browse('/profile', { headers })).json()).toMatchObject({ roles: ['importer'] });
  const next = await browse('/auth/refresh', postJson({ refreshToken: pair.refreshToken }));
  expect(await next.json()).toMatchObject({ tokenType: 'Bearer' });
});
