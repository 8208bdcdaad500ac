import express from 'express';
import express4 from 'express4';
import request from 'supertest';
import { createAuth, MemoryRefreshTokenStore, MemoryUserStore } from '../../../src/index';
import { loginAs } from '../../../src/testing/index';
import { optionsWith } from '../../helpers/apps/options';

/** `reject()` without a reason rejects with undefined. Express takes 'route' and 'router' for commands. */
const REASONS: unknown[] = [undefined, null, 0, '', false, 'route', 'router'];

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('with %s', (_version, framework) => {
  test.each(REASONS)(
    'a store that rejects with %j lets no request past a guard or a login',
    async (reason) => {
      const users = new MemoryUserStore();
      const refreshTokens = new MemoryRefreshTokenStore();
      const auth = createAuth(optionsWith({ users, refreshTokens }));
      const ann = await loginAs(auth, { username: 'ann' });
      const reached: string[] = [];
      const passed = (route: string): express.RequestHandler => {
        return (_req, res) => {
          reached.push(route);
          res.sendStatus(200);
        };
      };
      const app = framework();
      app.use('/auth', auth.router);
      app.get('/loaded', auth.guard({ loadUser: true }), passed('/loaded'));
      app.get('/checked', auth.guard({ checkSession: true }), passed('/checked'));
      app.get('/optional', auth.guard({ loadUser: true, optional: true }), passed('/optional'));
      app.post('/form', framework.urlencoded({ extended: false }), auth.login(), passed('/form'));
      app.get(
        '/completed',
        (req, _res, next) => {
          req.user = { id: ann.user.id } as Express.User;
          next();
        },
        auth.completeLogin(),
        passed('/completed'),
      );
      app.use(passed('anything else'));
      app.use(
        ((_error, _req, res, _next) => void res.status(500).end()) satisfies express.ErrorRequestHandler,
      );

      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- it is what is tested
      const rejects = () => Promise.reject(reason);
      jest.spyOn(users, 'findById').mockImplementation(rejects);
      jest.spyOn(users, 'findByUsername').mockImplementation(rejects);
      jest.spyOn(refreshTokens, 'find').mockImplementation(rejects);
      const form = { username: 'ann', password: 'x' };
      const answers = await Promise.all([
        ...['/loaded', '/checked', '/optional', '/completed', '/auth/info'].map((path) =>
          request(app).get(path).set('Cookie', ann.cookie),
        ),
        request(app).post('/form').type('form').send(form),
        request(app).post('/auth/login').send(form),
        request(app).post('/auth/refresh').set('Cookie', ann.cookie),
      ]);
      expect(answers.map(({ status }) => status)).toEqual(Array<number>(8).fill(500));
      expect(reached).toEqual([]);
      await auth.close();
    },
  );
});
