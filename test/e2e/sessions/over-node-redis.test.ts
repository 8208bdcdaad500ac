import { realClients } from '../../helpers/apps/app';

realClients.package = 'node-redis 6';

describe.each(['sessions', 'rotation'])('%s.test.ts, over a client of node-redis', (file) => {
  jest.requireActual(`./${file}.test`);
});
