import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { guarded } from '#libs/local-postgres';
import { appScript } from '#libs/testing';
import { within } from './within.js';

export type AppName = 'api' | 'status-listener' | 'compute-worker';

const KEPT_LINES = 400;
const START_MS = 60_000;
/** Longer than any app's own drain: one that takes more is stuck. */
const STOP_MS = 20_000;

/** A real app as a separate process, started from the build. */
export class AppProcess {
  /** What it wrote, oldest first; only the last lines are kept. */
  readonly lines: string[] = [];
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  private readonly child: ChildProcess;
  private result: number | NodeJS.Signals | undefined;
  private readonly watchers = new Set<() => void>();

  constructor(
    readonly name: AppName,
    env: NodeJS.ProcessEnv,
    /** The folder `dist` that it is started from. */
    dist = fileURLToPath(new URL('../../..', import.meta.url)),
  ) {
    const script = appScript(dist, name);
    const start = (): ChildProcess => spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = guarded(start, 'KILL');
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      let rest = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        const parts = (rest + chunk).split('\n');
        rest = parts.pop()!;
        this.lines.push(...parts);
        this.lines.splice(0, this.lines.length - KEPT_LINES);
        this.changed();
      });
    }
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => {
        this.result = signal ?? code ?? -1;
        this.changed();
        resolve(this.result);
      });
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  get running(): boolean {
    return this.result === undefined;
  }

  /** The fields of the log line in which it says that it is ready. */
  ready(): Promise<Record<string, unknown>> {
    return this.said(/"msg":"the [a-z ]+ is ready"/);
  }

  /** The fields of the first line of its log that has `pattern`, once it is there. */
  async said(pattern: RegExp): Promise<Record<string, unknown>> {
    return within(START_MS, `${this.name} says ${pattern.source}`, async () => {
      for (;;) {
        const line = this.lines.find((each) => pattern.test(each));
        if (line !== undefined) return JSON.parse(line) as Record<string, unknown>;
        if (!this.running)
          throw new Error(`${this.name} ended with ${this.result} as it started:\n${this.lines.join('\n')}`);
        await new Promise<void>((resolve) => this.watchers.add(resolve));
      }
    });
  }

  /** Ends it as an orchestrator does; rejects when it does not end by itself or not with exit code 0. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.child.kill('SIGTERM');
    const how = await within(STOP_MS, `${this.name} stops`, () => this.ended).catch(async (error: Error) => {
      await this.kill();
      throw error;
    });
    if (how !== 0)
      throw new Error(`${this.name} ended with ${how} after SIGTERM:\n${this.lines.slice(-15).join('\n')}`);
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    if (!this.running) return;
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private changed(): void {
    for (const wake of this.watchers) wake();
    this.watchers.clear();
  }
}
