import type { RedisDriver, RedisScript } from './driver.js';

/** By client, because all stores over one client share its sessions. Weak, so a client that the app drops is collected. */
const homes = new WeakMap<RedisDriver, number | undefined>();

/**
 * Where the stores over a client keep everything: the database that the client is in when the first of them uses it. If the app
 * selects another one later, the stores stay, because in another database they would find no session.
 */
export function homeDatabaseOf(driver: RedisDriver): number | undefined {
  return homes.has(driver) ? homes.get(driver) : driver.database;
}

/** From now on the client's home is the database that it is in, unless it has one. */
export function settleHomeDatabase(driver: RedisDriver): void {
  if (!homes.has(driver)) homes.set(driver, driver.database);
}

/** By client: whether Redis has ever let a script of ours go to the home database of that client. */
const reached = new WeakSet<RedisDriver>();
/** By client: whether its connection is in the home database, as far as the first script on it told. */
const atHome = new WeakMap<RedisDriver, boolean>();

/**
 * Makes the script run in the home database, whatever the connection has selected. The connection itself stays where it is: in a
 * script, SELECT counts until the script ends. So it needs no round trip, and nothing can come between it and the script's work.
 *
 * `!` before the database means that the script fails if SELECT is refused; otherwise it runs where the connection is then.
 * `acl_check_cmd` (Redis 7) keeps a refusal out of the server's ACL LOG.
 */
export function inHomeDatabase({ numberOfKeys, lua }: RedisScript): RedisScript {
  return { numberOfKeys, lua: `${GO_HOME}\n${lua}` };
}

const GO_HOME = `
  local mustSelect, home = string.match(table.remove(ARGV), '^(!?)(%d*)$')
  if home ~= '' then
    local mayNot = redis.acl_check_cmd and not redis.acl_check_cmd('SELECT', home)
    local selected = not mayNot and redis.pcall('SELECT', home)
    if mustSelect == '!' and not (selected and selected.ok) then
      return redis.error_reply('ELSEWHERE Redis refuses SELECT in scripts')
    end
  end`;

const ELSEWHERE = /^ELSEWHERE /;

/**
 * Runs a script that `inHomeDatabase` made, in the home database of the app's client.
 *
 * Redis may refuse SELECT. If it always has, the client never was in another database than 0, and the script runs there. If it
 * allowed it before its permissions were changed, the sessions are in the home database. A connection from before is still there,
 * but a new one is in database 0: ioredis says nothing when its own SELECT is refused. All sessions would seem to be gone there.
 * @param driver the one that runs the script: the app's, or one of our own in its place
 * @param run runs the script with this last argument
 * @throws Error that names the cure, when the script can't get to the home database
 */
export async function runAtHome(
  ofApp: RedisDriver,
  driver: RedisDriver,
  run: (home: string) => Promise<unknown>,
): Promise<unknown> {
  settleHomeDatabase(ofApp);
  const home = homeDatabaseOf(ofApp);
  if (home === undefined) return run('');
  const hasMoved = ofApp.database !== home;
  // Every connection begins in database 0.
  if (home === 0 && !hasMoved) return run('0');
  try {
    const answer = await run(`!${home}`);
    reached.add(ofApp);
    if (!hasMoved) noteWhereItIs(driver, true);
    return answer;
  } catch (error) {
    if (!ELSEWHERE.test((error as Error).message)) throw error;
    if (hasMoved) throw new Error(HAS_MOVED, { cause: error });
    noteWhereItIs(driver, false);
    if (reached.has(ofApp) && !atHome.get(driver)) throw new Error(mayNotReturnTo(home), { cause: error });
    return run(String(home));
  }
}

/** The first answer on a connection counts. Permissions that change later don't move it. */
function noteWhereItIs(driver: RedisDriver, isAtHome: boolean): void {
  if (atHome.has(driver)) return;
  atHome.set(driver, isAtHome);
  const stopListening = driver.onLost(() => {
    stopListening();
    atHome.delete(driver);
  });
}

const HAS_MOVED =
  "The app's Redis client has selected another database, and Redis refuses SELECT in scripts: give that database a client of its own, " +
  'redis.duplicate({ db })';

function mayNotReturnTo(home: number): string {
  return (
    `Redis refuses SELECT, so a new connection can't go to database ${home}, where the sessions are: ` +
    "give the app's user +select"
  );
}
