import { setTimeout as sleep } from 'node:timers/promises';
import { runScenario } from './run-scenario';

type Name = Parameters<typeof runScenario>[0];
type Scenario = Parameters<typeof runScenario>[1];

/** Kills a process of the app while it refreshes sessions, and starts it again. */
export async function runKilledInMidRefresh(name: Name, app: Scenario['app']): Promise<void> {
  const { history } = await runScenario(name, {
    app,
    async strike({ apps, devices }) {
      const inFlight = devices.map((device) => device.refresh([0]));
      await sleep(3);
      await apps[0]?.kill();
      await Promise.all(inFlight);
    },
    lastsMs: 1000,
    repair: (running) => running.restartApp(0),
    allowed: { unanswered: true },
  });
  const cutOff = history.operations.filter(({ kind, status }) => kind === 'refresh' && status === 0);
  expect(cutOff.length).toBeGreaterThan(0);
}
