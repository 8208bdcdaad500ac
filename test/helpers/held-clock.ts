/** A clock for the option `clock` that stands still until it is moved. It begins on a whole second, now. */
export interface HeldClock {
  (): number;
  advance(seconds: number): void;
}

export function holdClock(): HeldClock {
  let now = Math.floor(Date.now() / 1000) * 1000;
  const clock = () => now;
  return Object.assign(clock, {
    advance(seconds: number) {
      now += seconds * 1000;
    },
  });
}
