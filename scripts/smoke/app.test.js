// Runs in a project with Jest's defaults, so as CJS.
/* global afterAll, jest, test */
const express = require('express');
const { MemoryUserStore } = require('passport-visa');
const { loginAs, testAuth, userStoreContract } = require('passport-visa/testing');
const request = require('supertest');

const auth = testAuth();
const app = express();
app.use('/auth', auth.router);
app.get('/profile', auth.tokenVerify, (req, res) => res.json(req.user));

jest.setTimeout(60_000); // hashing passwords takes long on a slow machine
afterAll(() => auth.close());

test('register, log in with a password, pass the guard', async () => {
  const browser = request.agent(app);
  const ann = { username: 'ann', password: 'correct horse 9 battery' };
  await browser.post('/auth/register').send(ann).expect(201);
  await browser.post('/auth/login').send(ann).expect(200);
  await browser.get('/profile').expect(200);
});

test('log in without a password; half an hour later the access token has run out', async () => {
  const bob = await loginAs(auth, { username: 'bob' });
  await request(app).get('/profile').set('Cookie', bob.cookie).expect(200);
  auth.clock.advance('31m');
  await request(app).get('/profile').set('Authorization', bob.bearer).expect(401);
});

for (const { name, run } of userStoreContract(() => new MemoryUserStore())) test(name, run);
