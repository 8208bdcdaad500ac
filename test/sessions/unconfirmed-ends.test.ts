import { serviceUnavailable } from '../../src/errors';
import { AuthEvents } from '../../src/events/auth-events';
import { parseOptions } from '../../src/config/parse-options';
import { SessionEnder } from '../../src/sessions/end-sessions';
import { Revocations } from '../../src/sessions/revocations';
import { UnconfirmedEnds } from '../../src/sessions/unconfirmed-ends';
import { NotSentError } from '../../src/stores/bounded-calls';
import { optionsWith } from '../helpers/apps/options';

test('a user who names a thousand sessions in an outage makes the process keep a hundred', () => {
  const ends = new UnconfirmedEnds(60);
  ends.add('bob', 'his');
  for (let n = 0; n < 1000; n += 1) ends.add('eve', `invented ${n}`);
  const kept = Array.from({ length: 1000 }, (_, n) => ends.take('eve', `invented ${n}`)).filter(Boolean);
  expect(kept.length).toBe(100);
  expect(ends.take('bob', 'his')).toBe(true);
  expect(ends.take('bob', 'his')).toBe(false);
});

test.each<[string, Error, string[]]>([
  ['was sent to the store counts as perhaps ended', new Error('no answer'), ['one']],
  ['never left the process does not', new NotSentError('not connected'), []],
])('an end that %s', async (_what, cause, announced) => {
  const config = parseOptions(optionsWith());
  const events = new AuthEvents(config.now, undefined);
  const ender = new SessionEnder(config, events, new Revocations(config, events));
  const ended: string[] = [];
  events.on('revoked', ({ sessionIds }) => ended.push(...sessionIds));
  jest.spyOn(config.refreshTokens, 'revoke').mockRejectedValueOnce(serviceUnavailable(cause));
  await expect(ender.revoke('ann', 'one')).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  expect(await ender.revoke('ann', 'one')).toBe(false);
  expect(ended).toEqual(announced);
});
