import type { TestApp } from './app';

/** Registers ann before the tests of a file, and checks after them that no error reached the app's error handler (a 500). */
export function useAnn(testApp: TestApp): { accessToken: string } {
  const ann = { accessToken: '' };
  beforeAll(async () => {
    await testApp.register('ann');
    ann.accessToken = (await testApp.tokensOf('ann')).accessToken;
  });
  afterAll(async () => {
    await testApp.auth.close();
    expect(testApp.unforeseen).toEqual([]);
  });
  return ann;
}
