import { setTimeout as sleep } from 'node:timers/promises';
import { hashSync } from 'bcryptjs';
import { Pool } from 'pg';
import { PASSWORD } from '../helpers/apps/app';
import { PostgresRefreshTokenStore, PostgresUserStore } from '../../src';
import { createDatabase } from '../helpers/apps/backends';
import { startAppProcess, type AppProcess, type AppSettings } from './app-process';
import { findBreaches, type Allowance } from './checker';
import { Device } from './device';
import { appWaitedMs, History, isFailure, type Waits } from './history';
import { measure } from './measure';
import { saveResult } from './results';
import type { ScenarioName } from './scenarios';
import { Traffic } from './traffic';

const USERS = 4;
const DEVICES_EACH = 3;
const WARM_UP_MS = 1500;
/** After this long without a failure the system counts as healed. */
const QUIET_MS = 2000;
/** A system that hasn't healed by then doesn't heal by itself. */
const HEAL_LIMIT_MS = 20_000;

/** How soon after a repair a process knows again which sessions have ended: after a pause, and a new connection. */
const CATCH_UP_MS = 3000;

/** What a scenario can act on. */
export interface Running {
  readonly apps: AppProcess[];
  readonly devices: readonly Device[];
  readonly history: History;
  /** Replaces a process that was killed. The new one has another port. */
  restartApp(index: number): Promise<void>;
}

export interface Plan {
  /** Default of `postgres`: a new database of the shared server. `sqlite` is the path of a file. */
  app: Omit<AppSettings, 'postgres' | 'sqlite'> & { postgres?: string; sqlite?: string };
  /** What is different in one process, by its index. Default: nothing. */
  appOf?: (index: number) => Partial<AppSettings>;
  strike(running: Running): unknown;
  /** How long the fault lasts before `repair`. Default: 3000. */
  lastsMs?: number;
  /** Omitted where the system must repair itself. */
  repair?(running: Running): unknown;
  /** Whether the system is expected to heal. Default: true. */
  heals?: boolean;
  /** Another measurement for the table. Called before the history is checked. */
  note?(running: Running): string;
  /** Called once the system has healed, before the processes end. */
  afterHealing?(running: Running): unknown;
  /** What it may cost. Default: nothing. */
  allowed?: Omit<Allowance, 'guardsLagUntil'>;
  /** Whether clients send the `Idempotency-Key`, like our own client. Default: true. */
  idempotencyKeys?: boolean;
}

/**
 * Runs two processes of an app and a dozen devices that do everything devices do. In the middle of it the fault happens. The
 * history is saved, and checked against the promises.
 */
export async function runScenario(name: ScenarioName, plan: Plan): Promise<Running> {
  const { sqlite: file, postgres: given, ...app } = plan.app;
  const isNew = file === undefined && given === undefined;
  const database = isNew ? await createDatabase() : undefined;
  const postgres = given ?? database?.url ?? '';
  const apps: AppProcess[] = [];
  const history = new History(() => apps.map(({ pid }) => pid));
  try {
    const users = newUsers();
    if (file === undefined) await createUsers(postgres, users);
    const sqlite = file === undefined ? {} : { sqlite: { file, users } };
    const startApp = async (index: number) => {
      apps[index] = await startAppProcess({ postgres, ...sqlite, ...app, ...plan.appOf?.(index) });
    };
    for (const index of [0, 1]) await startApp(index);
    const { idempotencyKeys } = plan;
    const addressOf = (app: number) => apps[app]?.url ?? '';
    const world = { addressOf, apps: apps.length, history, idempotencyKeys };
    const devices = users.flatMap(({ username }) =>
      Array.from({ length: DEVICES_EACH }, () => new Device(world, username)),
    );
    const running = { apps, devices, history, restartApp: startApp };
    await runPlan(plan, running);
    saveResult(name, history, { ...measure(history, plan.heals !== false), note: plan.note?.(running) });
    const guardsLagUntil = healedAt(history) + CATCH_UP_MS + waitedSince(history, healedAt(history));
    expect(report(findBreaches(history.operations, { ...plan.allowed, guardsLagUntil }))).toEqual([]);
    for (const app of apps) expect(app.complaint()).toBeUndefined();
    return running;
  } finally {
    for (const app of apps) await app.kill();
    await database?.close();
  }
}

async function runPlan(plan: Plan, running: Running): Promise<void> {
  const { devices, history } = running;
  for (const device of devices) expect(await device.login()).toMatchObject({ status: 200 });
  const traffic = new Traffic(devices);
  try {
    await sleep(WARM_UP_MS);
    history.mark('fault');
    await plan.strike(running);
    if (plan.repair) {
      await sleep(plan.lastsMs ?? 3000);
      await plan.repair(running);
      history.mark('repaired');
    }
    await (plan.heals === false ? sleep(plan.lastsMs ?? 3000) : waitUntilHealed(history));
  } finally {
    await traffic.stop();
  }
  if (plan.heals === false) return;
  await useEveryDevice(devices);
  await plan.afterHealing?.(running);
}

/** When the system was repaired. If it repaired itself, that was at its last failure. */
function healedAt(history: History): number {
  const lastFailure = history.operations.findLast(isFailure);
  return history.timeOf('repaired') ?? lastFailure?.endedAt ?? history.timeOf('fault') ?? 0;
}

/** How long the process that waited longest for a processor did so since a moment. */
function waitedSince(history: History, moment: number): number {
  const next = history.operations.find(({ startedAt }) => startedAt >= moment);
  return next?.waited ? longestWait(next.waited.before, history.waits()) : 0;
}

const longestWait = (earlier: Waits, later: Waits) =>
  Math.max(...later.apps.map((_, app) => appWaitedMs(app, earlier, later)));

async function waitUntilHealed(history: History): Promise<void> {
  const [since, before] = [history.now(), history.waits()];
  while (history.now() - since - longestWait(before, history.waits()) < HEAL_LIMIT_MS) {
    await sleep(100);
    const lastFailureAt = history.operations.findLast(isFailure)?.endedAt ?? 0;
    if (history.now() - Math.max(lastFailureAt, since) > QUIET_MS) return;
  }
  throw new Error(`It has not healed within ${HEAL_LIMIT_MS} ms`);
}

/** Every device that is still logged in must be served, by each process. */
async function useEveryDevice(devices: readonly Device[]): Promise<void> {
  for (const device of devices) {
    await device.refresh([0]);
    await device.refresh([1]);
    await device.check();
    await device.guard();
  }
}

function newUsers() {
  const passwordHash = hashSync(PASSWORD, 10);
  return Array.from({ length: USERS }, (_, index) => ({ username: `user-${index}`, passwordHash }));
}

async function createUsers(postgres: string, newOnes: ReturnType<typeof newUsers>): Promise<void> {
  const pool = new Pool({ connectionString: postgres });
  try {
    const users = new PostgresUserStore(pool);
    await users.migrate();
    await new PostgresRefreshTokenStore(pool).migrate();
    for (const each of newOnes) await users.create(each);
  } finally {
    await pool.end();
  }
}

/** A short report: each broken rule, and the requests that broke it. */
function report(breaches: ReturnType<typeof findBreaches>): string[] {
  return breaches.map(
    ({ rule, operations }) => `${rule}: ${operations.map((each) => JSON.stringify(each)).join(' ')}`,
  );
}
