import { setImmediate as settled } from 'node:timers/promises';

/** Whether a statement's connection is lost before the statement takes effect, or after it and before its answer. */
export type Cut = 'before' | 'after';

/** A lost connection, as the clients of PostgreSQL and of the queue report it. */
class ConnectionLost extends Error {
  readonly code = 'ECONNRESET';
}

interface Gate {
  readonly label: string;
  readonly pass: (n: number, cut?: Cut) => Promise<void>;
}

/**
 * A process: loops whose rounds run the real code. Each statement and each call of the queue waits at a gate until the
 * schedule lets it through, one at a time over all processes; so the process may die, stop for a while, or be overtaken by
 * any other between two of them.
 */
export class Process {
  stopped = false;
  private readonly gates: Gate[] = [];
  private readonly busy = new Set<string>();
  private dead = false;

  constructor(
    /** Rounds by the name of their loop. */
    readonly loops: Map<string, () => Promise<unknown>>,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Waits at a gate, then takes `effect` and resolves with its answer. `n`: the only source of chance in it. */
  gate<T>(label: string, effect: (n: number) => Promise<T> | T): Promise<T> {
    if (this.dead) return Promise.reject(new ConnectionLost(label));
    return new Promise((resolve, reject) => {
      const pass = async (n: number, cut?: Cut): Promise<void> => {
        try {
          if (cut === 'before') throw new ConnectionLost(label);
          const answer = await effect(n);
          if (cut === 'after') throw new ConnectionLost(label);
          resolve(answer);
        } catch (error) {
          reject(error);
        }
      };
      this.gates.push({ label, pass });
    });
  }

  /** What waits at the gates. */
  get waiting(): string[] {
    return this.gates.map(({ label }) => label);
  }

  /** Loops between two rounds. */
  get idle(): string[] {
    return [...this.loops.keys()].filter((loop) => !this.busy.has(loop));
  }

  /** Lets through what waits under this label, or begins a round of this loop; then all goes on as far as the next gates. */
  async step(label: string, n: number): Promise<void> {
    const at = this.gates.findIndex((gate) => gate.label === label);
    if (at >= 0) return this.pass(at, n);
    const round = this.loops.get(label);
    if (round === undefined || this.busy.has(label)) return;
    this.busy.add(label);
    round()
      .catch(this.failed)
      .finally(() => this.busy.delete(label));
    await settled();
  }

  /** Loses the connection of one statement that waits. */
  async lose(n: number, cut: Cut): Promise<void> {
    if (this.gates.length > 0) await this.pass(n % this.gates.length, n, cut);
  }

  /** Dies, at one of its statements: that takes effect or not. */
  async die(n: number, cut: Cut): Promise<void> {
    this.dead = true;
    await this.lose(n, cut);
    while (this.gates.length > 0) await this.pass(0, 0, 'before');
  }

  private async pass(at: number, n: number, cut?: Cut): Promise<void> {
    const [gate] = this.gates.splice(at, 1);
    await gate!.pass(n, cut);
    await settled();
  }
}
