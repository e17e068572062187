import type { EngineLog } from '#libs/chain-engine';

const MAX_PAUSE_MS = 2_000;

interface Loop {
  readonly name: string;
  readonly pauseMs: number | (() => number);
  lastRound: number;
  wake: () => void;
  ended: Promise<void>;
}

/** Loops that go on until stopped: a fault is logged once, and the next round comes after a growing pause. */
export class Loops {
  private readonly loops: Loop[] = [];
  private stopped = false;

  constructor(private readonly log: EngineLog) {}

  /** Runs `round` again and again with `pauseMs` between rounds, a function being asked after each; returns what ends the present pause early. */
  run(name: string, pauseMs: number | (() => number), round: () => Promise<unknown>): () => void {
    const loop: Loop = { name, pauseMs, lastRound: performance.now(), wake: () => undefined, ended: Promise.resolve() };
    let woken = false;
    loop.ended = (async () => {
      let faults = 0;
      while (!this.stopped) {
        woken = false;
        try {
          await round();
          faults = 0;
        } catch (error) {
          if (this.stopped) return;
          faults++;
          this.log.error({ err: error, loop: name, faults }, 'a loop of the listener failed and goes on');
        }
        loop.lastRound = performance.now();
        const pause =
          faults > 0
            ? Math.min(50 * 2 ** faults, MAX_PAUSE_MS)
            : woken
              ? 0
              : typeof pauseMs === 'number'
                ? pauseMs
                : pauseMs();
        if (pause > 0 && !this.stopped) await this.pause(loop, pause);
      }
    })();
    this.loops.push(loop);
    return () => {
      woken = true;
      loop.wake();
    };
  }

  stop(): void {
    this.stopped = true;
    for (const loop of this.loops) loop.wake();
  }

  async ended(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.ended));
  }

  /** Milliseconds since the loop that is longest without a finished round last had one. */
  oldestRoundMs(): number {
    const oldest = Math.min(
      ...this.loops
        .filter(({ pauseMs }) => typeof pauseMs === 'function' || pauseMs < 10_000)
        .map((loop) => loop.lastRound),
    );
    return performance.now() - oldest;
  }

  private pause(loop: Loop, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      loop.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
