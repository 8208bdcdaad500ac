import { setTimeout as sleep } from 'node:timers/promises';
import type { Device } from './device';

/** The pause between two actions of a device. Ten devices make about a hundred requests a second. */
const PAUSE_MS = [40, 120] as const;

/** What a device does next: upper bounds of a number below a hundred. The rest is theft. */
const MIX = { guard: 45, check: 65, refresh: 82, twoTabs: 90, logout: 94, revoke: 97 } as const;

/** Devices that keep making requests until they are stopped. */
export class Traffic {
  readonly #devices: readonly Device[];
  readonly #walks: Promise<void>[];
  #isStopped = false;

  constructor(devices: readonly Device[]) {
    this.#devices = devices;
    this.#walks = devices.map((device) => this.#walk(device));
  }

  /** Resolves after the last answer. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#walks);
  }

  async #walk(device: Device): Promise<void> {
    while (!this.#isStopped) {
      await this.#step(device);
      await sleep(between(...PAUSE_MS));
    }
  }

  async #step(device: Device): Promise<unknown> {
    if (!device.isLoggedIn) return device.login();
    const dice = Math.random() * 100;
    if (dice < MIX.guard) return device.guard();
    if (dice < MIX.check) return device.check();
    if (dice < MIX.refresh) return device.refresh();
    if (dice < MIX.twoTabs) return device.refresh([0, 1]);
    if (dice < MIX.logout) return device.logout();
    if (dice < MIX.revoke) return this.#revokeNeighbour(device);
    return device.theft();
  }

  async #revokeNeighbour(device: Device): Promise<unknown> {
    const neighbour = this.#devices.find(
      (other) => other !== device && other.isLoggedIn && other.username === device.username,
    );
    return neighbour?.sessionId && device.revoke(neighbour.sessionId);
  }
}

function between(least: number, most: number): number {
  return least + Math.random() * (most - least);
}
