import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { IDLE_MS, Loop, rounded } from './loop.js';
import { Loops } from './loops.js';

class TestLoop extends Loop {
  readonly name = 'test';
  readonly pauseMs = 5;
  rounds = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(override readonly restsWhenIdle: boolean) {
    super();
  }

  round(): Promise<void> {
    this.rounds += 1;
    this.waiting.splice(0).forEach((go) => go());
    return Promise.resolve();
  }

  next(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}

it.each([
  [10_300, 200, 10_500],
  [10_300, 1_000, 11_000],
  [10_600, 1_000, 12_000],
  [10_300, IDLE_MS, 12_000],
  [11_300, IDLE_MS, 14_000],
  // A timer may be early by a part of a millisecond.
  [11_999.6, IDLE_MS, 14_000],
  [10_300, 15_000, 26_000],
])('at %d a pause of %d ms ends with those of other loops, at %d', (now, pauseMs, end) => {
  expect(now + rounded(now, pauseMs)).toBeCloseTo(end);
});

describe('a loop', () => {
  let isIdle: boolean;
  let looks: number;
  let seen: () => void;
  const loops: TestLoop[] = [];
  const idleness = {
    isIdle: () => {
      looks += 1;
      seen();
      return Promise.resolve(isIdle);
    },
  };
  const started = (restsWhenIdle: boolean): TestLoop => {
    const loop = new TestLoop(restsWhenIdle);
    // What Nest injects.
    for (const [name, value] of Object.entries({ loops: new Loops(), idleness, log: console }))
      Object.defineProperty(loop, name, { value });
    loops.push(loop);
    loop.onApplicationBootstrap();
    return loop;
  };
  beforeEach(() => {
    [isIdle, looks, seen] = [true, 0, () => undefined];
  });
  afterEach(async () => {
    for (const loop of loops.splice(0)) {
      loop.onModuleDestroy();
      await loop.beforeApplicationShutdown();
    }
  });

  it('leaves out rounds while the system is idle, but the first and those that it is woken for', async () => {
    const loop = started(true);
    await new Promise<void>((resolve) => (seen = resolve));
    expect([loop.rounds, looks]).toEqual([1, 1]);
    const woken = loop.next();
    loop.wake();
    await woken;
    expect([loop.rounds, looks]).toEqual([2, 1]);
  });

  it('goes on once it is not, without being woken, and says that it lives meanwhile', async () => {
    const loop = started(true);
    const began = loop.lastRound;
    await new Promise<void>((resolve) => (seen = resolve));
    await new Promise<void>((resolve) => (seen = resolve));
    expect(loop.lastRound).toBeGreaterThan(began);
    isIdle = false;
    await loop.next();
    await loop.next();
    expect(loop.rounds).toBe(3);
  });

  it('asks nobody where its rounds are of use to an idle system', async () => {
    const loop = started(false);
    for (const _ of [1, 2, 3]) await loop.next();
    expect(looks).toBe(0);
  });
});
