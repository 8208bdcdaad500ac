/** A row of the table in docs/reliability.md: what happens, and what is promised then. A test compares the table to this list. */
export interface Scenario {
  name: string;
  promise: string;
}

const NO_SESSION_LOST = 'no session lost';
const LATEST_WRITES_LOST =
  'logins not yet replicated are lost; rotations may happen twice; sessions that the processes have ended stay ended';
const OTHERS_LOG_IN = 'users elsewhere log in, within the time of a few hashes';
const NO_ERROR = 'no error at all';

/** Every scenario of the suite, in the order of the table. */
export const SCENARIOS = [
  { name: 'Redis is killed and stays down', promise: 'guards still work; everything else gets 503' },
  { name: 'Redis with AOF is killed and restarted', promise: NO_SESSION_LOST },
  {
    name: 'Redis without AOF is killed and restarted',
    promise: 'all sessions are lost, and nothing else: users log in again',
  },
  { name: 'Redis is frozen for 5 s', promise: NO_SESSION_LOST },
  {
    name: 'Redis with AOF everysec is killed and restarted',
    promise: 'writes of the last two seconds may be lost; rotations may happen twice',
  },
  { name: 'The scripts of Redis are flushed', promise: NO_ERROR },
  {
    name: 'Redis is emptied',
    promise: 'all sessions are lost, and nothing else: users log in again at once',
  },
  {
    name: 'Redis is out of memory',
    promise: 'guards and checked sessions still work; logins, refreshes and logouts get 503; no session lost',
  },
  {
    name: 'The answer to a rotation is lost',
    promise: 'a retry gets the same successor; no session lost',
  },
  {
    name: 'The answer to a rotation is lost, and clients send no Idempotency-Key',
    promise: 'the same within the reuse window',
  },
  { name: 'Redis answers 600 ms later', promise: NO_ERROR },
  { name: 'Sentinel fails over', promise: LATEST_WRITES_LOST },
  { name: 'A Cluster fails over', promise: LATEST_WRITES_LOST },
  { name: 'A replica is promoted without the last writes', promise: LATEST_WRITES_LOST },
  { name: 'node-redis: Redis with AOF is killed and restarted', promise: NO_SESSION_LOST },
  { name: 'node-redis: Redis is frozen for 5 s', promise: NO_SESSION_LOST },
  { name: 'node-redis: Sentinel fails over', promise: LATEST_WRITES_LOST },
  { name: 'node-redis: A Cluster fails over', promise: LATEST_WRITES_LOST },
  { name: 'PostgreSQL with the sessions is stopped at once and restarted', promise: NO_SESSION_LOST },
  {
    name: 'PostgreSQL with the users is stopped at once and restarted',
    promise: `guards still work; ${NO_SESSION_LOST}`,
  },
  { name: 'PostgreSQL with the sessions is frozen for 5 s', promise: NO_SESSION_LOST },
  { name: 'PostgreSQL with the users is frozen for 5 s', promise: NO_SESSION_LOST },
  { name: 'The table of users is locked for 5 s', promise: NO_SESSION_LOST },
  {
    name: 'SQLite: another process has the file locked for 5 s',
    promise: `guards and checked sessions still work; ${NO_SESSION_LOST}`,
  },
  {
    name: 'SQLite: nothing can be written to the disk for 5 s',
    promise: `guards and checked sessions still work; ${NO_SESSION_LOST}`,
  },
  {
    name: 'SQLite: the file is deleted',
    promise: 'no error at all while the processes run, which have it open; all is lost with them',
  },
  { name: 'SQLite: a process of the app is killed in mid-refresh', promise: NO_SESSION_LOST },
  { name: 'A process of the app is killed in mid-refresh', promise: NO_SESSION_LOST },
  { name: 'Two processes have clocks 5 minutes apart', promise: 'no effect' },
  {
    name: '200 parallel logins beside a steady guarded client',
    promise: 'the client is hardly affected; logins that would wait too long to be hashed get 429 at once',
  },
  {
    name: 'One account asks for its username as its new password, again and again',
    promise: OTHERS_LOG_IN,
  },
  { name: 'Four addresses guess passwords', promise: OTHERS_LOG_IN },
  { name: 'Eight addresses guess passwords', promise: OTHERS_LOG_IN },
  { name: 'Forty addresses guess passwords', promise: OTHERS_LOG_IN },
  { name: 'An IPv6 /48 guesses passwords, each from another /64', promise: OTHERS_LOG_IN },
  { name: 'A user of 5,000 sessions in Redis lists them over 16 connections', promise: NO_ERROR },
  { name: 'A user of 5,000 sessions in PostgreSQL lists them over 16 connections', promise: NO_ERROR },
] as const satisfies readonly Scenario[];

export type ScenarioName = (typeof SCENARIOS)[number]['name'];
