// An app with Express 4 has body-parser 1, whose errors the router must understand as well.
import express from 'express';

jest.mock('express', () => jest.requireActual<object>('express4'));

import './bad-bodies.test';
import './unknown-members.test';
import '../login/form-bodies.test';

test('the router and the app are those of Express 4', () => {
  expect(typeof (express() as unknown as { del: unknown }).del).toBe('function');
});
