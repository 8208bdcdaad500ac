import type { Request } from 'express';
import { createTestApp } from '../../helpers/apps/app';

test('a failureRedirect that answers too late leads to the error handler, and ends no process', async () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  try {
    const { auth, client, unforeseen } = createTestApp({}, (app, { login }) => {
      // As a middleware that limits the time of a request does.
      const failureRedirect = (req: Request) => (req.res?.status(503).end(), '/login');
      app.post('/login', login({ failureRedirect }));
    });
    expect((await client().post('/login').type('form').send({ username: 'ann' })).status).toBe(503);
    expect(unforeseen).toMatchObject([{ code: 'ERR_HTTP_HEADERS_SENT' }]);
    expect(unhandled).toEqual([]);
    await auth.close();
  } finally {
    process.off('unhandledRejection', onUnhandled);
  }
});
