import { parseCommand } from '../../soak/command.mjs';

test.each([
  [[], { minutes: 5, sessions: 'redis' }],
  [['10'], { minutes: 10, sessions: 'redis' }],
  [['4.5', '--sessions', 'postgres'], { minutes: 4.5, sessions: 'postgres' }],
])('%j is understood', (words, command) => {
  expect(parseCommand(words)).toEqual(command);
});

test.each([
  [['ten'], 'MINUTES is ten, and must be a number from 4'],
  [['3'], 'MINUTES is 3'],
  [['1e9'], 'MINUTES is 1e9'],
  [['5', '6'], 'What is 6?'],
  [['--sessions', 'memory'], '--sessions is memory, and must be redis or postgres'],
  [['--leak'], '--leak'],
])('%j is refused with a reason', (words, why) => {
  expect(() => parseCommand(words)).toThrow(why);
});
