import { loadWebAuthn } from '../../../src/features/passkeys/webauthn-library';

test('without @simplewebauthn/server the feature is a TypeError that says what to install', () => {
  const missing = () => {
    throw Object.assign(new Error("Cannot find module '@simplewebauthn/server'"), {
      code: 'MODULE_NOT_FOUND',
    });
  };
  expect(() => loadWebAuthn(missing)).toThrow(
    expect.objectContaining({
      name: 'TypeError',
      message: 'passkeys() needs the package @simplewebauthn/server: npm install @simplewebauthn/server',
    }),
  );
});

test('an error of another kind while it is loaded stays what it is', () => {
  const broken = new SyntaxError('Unexpected token');
  const load = () => {
    throw broken;
  };
  expect(() => loadWebAuthn(load)).toThrow(broken);
});
