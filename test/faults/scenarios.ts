/** A row of docs/reliability.md: what happens, and what is promised then. A test holds that table and this list together. */
export interface Scenario {
  name: string;
  promise: string;
}

const UNHARMED = 'no session lost';
const LATEST_WRITES =
  'logins that were not replicated yet are lost, rotations repeat themselves; what the processes have ended stays ended';
const UNNOTICED = 'no error at all';

/** Every scenario of the suite, in the order of the table. */
export const SCENARIOS = [
  { name: 'Redis is killed and stays down', promise: 'guards go on; all else 503' },
  { name: 'Redis with AOF is killed and restarted', promise: UNHARMED },
  {
    name: 'Redis without AOF is killed and restarted',
    promise: 'all sessions are lost, and nothing else: users log in again',
  },
  { name: 'Redis is frozen for 5 s', promise: UNHARMED },
  {
    name: 'Redis with AOF everysec is killed and restarted',
    promise: 'what was written in the last two seconds may be lost; rotations repeat themselves',
  },
  { name: 'The scripts of Redis are flushed', promise: UNNOTICED },
  {
    name: 'Redis is emptied',
    promise: 'all sessions are lost, and nothing else: users log in again at once',
  },
  {
    name: 'Redis is out of memory',
    promise: 'guards and checked sessions go on; logins, refreshes and logouts 503; no session lost',
  },
  {
    name: 'The answer to a rotation is lost',
    promise: 'whoever asks again gets the same successor; no session lost',
  },
  {
    name: 'The answer to a rotation is lost, and clients send no Idempotency-Key',
    promise: 'the same within the reuse window',
  },
  { name: 'Redis answers 600 ms later', promise: UNNOTICED },
  { name: 'Sentinel fails over', promise: LATEST_WRITES },
  { name: 'A Cluster fails over', promise: LATEST_WRITES },
  { name: 'A replica is promoted without the last writes', promise: LATEST_WRITES },
  { name: 'PostgreSQL with the sessions is stopped at once and restarted', promise: UNHARMED },
  {
    name: 'PostgreSQL with the users is stopped at once and restarted',
    promise: `guards go on, ${UNHARMED}`,
  },
  { name: 'PostgreSQL with the sessions is frozen for 5 s', promise: UNHARMED },
  { name: 'PostgreSQL with the users is frozen for 5 s', promise: UNHARMED },
  { name: 'The table of users is locked for 5 s', promise: UNHARMED },
  { name: 'A process of the app is killed in mid-refresh', promise: UNHARMED },
  { name: 'Two processes have clocks 5 minutes apart', promise: 'nobody notices' },
  {
    name: '200 parallel logins beside a steady guarded client',
    promise: 'the client notices little; who can not be hashed soon gets 503 at once',
  },
] as const satisfies readonly Scenario[];

export type ScenarioName = (typeof SCENARIOS)[number]['name'];
