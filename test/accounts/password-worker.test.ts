import * as os from 'node:os';

jest.mock('node:os', () => ({
  ...jest.requireActual<typeof os>('node:os'),
  getPriority: jest.fn(),
  setPriority: jest.fn(),
}));

const load = () => jest.isolateModules(() => void jest.requireActual('../../src/accounts/password-worker'));
const onLinux = process.platform === 'linux' ? test : test.skip;

beforeEach(() => jest.resetAllMocks());

onLinux('a hashing thread steps back behind the event loop', () => {
  jest.mocked(os.getPriority).mockReturnValue(0);
  load();
  expect(jest.mocked(os.setPriority).mock.calls).toEqual([[10]]);
});

onLinux('a process that is nicer already stays as it is: the way back needs a privilege', () => {
  jest.mocked(os.getPriority).mockReturnValue(15);
  load();
  expect(os.setPriority).not.toHaveBeenCalled();
});

onLinux('where it is forbidden, passwords are hashed all the same', () => {
  jest.mocked(os.getPriority).mockReturnValue(0);
  jest.mocked(os.setPriority).mockImplementation(() => {
    throw new Error('EACCES');
  });
  expect(load).not.toThrow();
});
