import * as os from 'node:os';

jest.mock('node:os', () => ({
  ...jest.requireActual<typeof os>('node:os'),
  getPriority: jest.fn(),
  setPriority: jest.fn(),
}));

const load = () => jest.isolateModules(() => void jest.requireActual('../../src/accounts/password-worker'));
const onLinux = process.platform === 'linux' ? test : test.skip;

beforeEach(() => jest.resetAllMocks());

onLinux('a hashing thread has a lower priority than the event loop', () => {
  jest.mocked(os.getPriority).mockReturnValue(0);
  load();
  expect(jest.mocked(os.setPriority).mock.calls).toEqual([[10]]);
});

onLinux('a process with an even lower priority keeps it, because raising it again needs a privilege', () => {
  jest.mocked(os.getPriority).mockReturnValue(15);
  load();
  expect(os.setPriority).not.toHaveBeenCalled();
});

onLinux("passwords are hashed even if the priority can't be set", () => {
  jest.mocked(os.getPriority).mockReturnValue(0);
  jest.mocked(os.setPriority).mockImplementation(() => {
    throw new Error('EACCES');
  });
  expect(load).not.toThrow();
});
