import express from 'express';
import { secondFactor } from '../../../src/features/second-factor/second-factor';
import { PASSWORD, setCookies } from '../../helpers/apps/app';
import { FACTOR_KEY, factorApp, type Browser, type Enrolled, type FactorApp } from './factor-app';

let factor: FactorApp;
let enrolled: Enrolled;

beforeEach(async () => {
  const feature = secondFactor({ issuer: 'App', key: FACTOR_KEY });
  factor = factorApp({
    feature,
    mount(app, auth) {
      app.post('/login', auth.login({ redirectTo: '/in', secondFactor: '/code' }));
      app.post('/code', feature.secondStep({ redirectTo: '/in', failureRedirect: '/code' }));
      app.post('/plain', feature.secondStep());
      app.post('/parsed', express.urlencoded({ extended: true }), feature.secondStep({ redirectTo: '/in' }));
      app.use(auth.errorHandler);
    },
  });
  await factor.createUser('ann');
  enrolled = await factor.enrol('ann');
});

afterEach(() => factor.auth.close());

/** A browser whose first form was right. */
async function halfway(fields: object = {}): Promise<Browser> {
  const browser = factor.browser();
  const answer = await browser
    .post('/login')
    .type('form')
    .send({ username: 'ann', password: PASSWORD, ...fields });
  expect([answer.status, answer.headers['location']]).toEqual([303, '/code']);
  return browser;
}

const submit = async (browser: Browser, fields: object, path = '/code') => {
  const answer = await browser.post(path).type('form').send(fields);
  return { answer, status: answer.status, location: answer.headers['location'] as string };
};

test('the form logs in, and sends the browser on', async () => {
  const browser = await halfway({ remember: 'on' });
  // A form has a field for each kind, and fields of the app.
  const code = enrolled.authenticator.nextCode();
  const { answer, status, location } = await submit(browser, { code, recoveryCode: '', _csrf: 'x' });
  expect([status, location]).toEqual([303, '/in']);
  expect(setCookies(answer)['refreshToken']?.attributes.join()).toContain('Max-Age');
  expect(Object.keys(setCookies(answer))).not.toContain('flowState.device');
  expect((await browser.get('/auth/check')).body).toMatchObject({ user: { amr: ['pwd', 'otp', 'mfa'] } });
});

test.each([
  ['on', true],
  [undefined, false],
])('with the box trustDevice %s the browser is trusted: %s', async (trustDevice, isTrusted) => {
  const browser = await halfway();
  const [recoveryCode] = enrolled.recoveryCodes;
  const fields = { code: '', recoveryCode, ...(trustDevice && { trustDevice }) };
  expect((await submit(browser, fields)).location).toBe('/in');
  const again = await factor.firstStep(browser, 'ann');
  expect(again.status).toBe(isTrusted ? 200 : 401);
});

test('what is wrong leads back to the page, which can be tried again', async () => {
  const browser = await halfway();
  const wrong = { code: enrolled.authenticator.wrongCode(), returnTo: '/orders' };
  expect(await submit(browser, wrong)).toMatchObject({
    status: 303,
    location: '/code?error=INVALID_SECOND_FACTOR&returnTo=%2Forders',
  });
  expect((await submit(browser, {})).location).toBe('/code?error=VALIDATION_FAILED');
  expect((await submit(browser, { code: 'x' })).location).toBe('/code?error=VALIDATION_FAILED');
  // Without a page the error handler of the app answers.
  expect(await submit(browser, wrong, '/plain')).toMatchObject({ status: 401 });
  expect((await submit(browser, { code: enrolled.authenticator.nextCode() }, '/parsed')).location).toBe(
    '/in',
  );
  expect((await submit(browser, { code: '123456' })).location).toBe('/code?error=FLOW_STATE_INVALID');
});

test('a form of another site, and a challenge of a client without cookies, are refused', async () => {
  const browser = await halfway();
  const code = enrolled.authenticator.nextCode();
  const foreign = await browser
    .post('/code')
    .set('Origin', 'https://evil.example')
    .type('form')
    .send({ code });
  expect(foreign.status).toBe(403);
  const body = await factor.firstStep(factor.client(), 'ann', { transport: 'body' });
  const { challenge } = body.body as { challenge: string };
  expect((await submit(factor.browser(), { code, challenge })).location).toBe(
    '/code?error=FLOW_STATE_INVALID',
  );
  expect((await submit(browser, { code })).location).toBe('/in');
});

test('it names what is wrong with its options', () => {
  const feature = secondFactor({ issuer: 'App', key: FACTOR_KEY });
  expect(() => feature.secondStep()).toThrow('secondStep(): this feature is in no createAuth yet');
  const other = factorApp({ feature });
  expect(() => feature.secondStep({ redirectTo: 'https://evil.example' })).toThrow(
    'secondStep(): redirectTo',
  );
  return other.auth.close();
});
