import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { guarded } from '#libs/local-postgres';
import { appScript, keptPort } from '#libs/testing';

export type Role = 'api' | 'status-listener' | 'compute-worker';

const PORT_VARIABLE = { api: 'PORT', 'status-listener': 'LISTENER_PORT', 'compute-worker': 'WORKER_PORT' } as const;
/** More than a start takes on a machine that does ten other things. */
const READY_MS = 180_000;

/** How an app ended without a request to stop. */
export interface Crash {
  readonly name: string;
  readonly how: string;
  readonly tail: string;
}

/** One app as a process that is restarted whenever it ends, until `stop`. */
export class AppProcess {
  /** Unexpected ends. */
  readonly crashes: Crash[] = [];
  /** When it last ended, by `performance.now()`. */
  diedAt = 0;
  port = 0;
  /** The built files that it starts from, from its next start on. */
  dist = fileURLToPath(new URL('../../', import.meta.url));
  private child: ChildProcess | undefined;
  private wanted = true;
  private expected = false;
  private extra: NodeJS.ProcessEnv = {};
  private gone: Promise<void> = Promise.resolve();

  constructor(
    readonly role: Role,
    readonly name: string,
    private readonly env: NodeJS.ProcessEnv,
    readonly logFile: string,
    private readonly nodeOptions: readonly string[] = [],
  ) {}

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it; `extra` counts for this start only, and an end is then expected (a failpoint). */
  async start(extra: NodeJS.ProcessEnv = {}): Promise<void> {
    if (this.port === 0) this.port = await keptPort();
    this.wanted = true;
    this.extra = extra;
    this.expected = extra.FAILPOINT !== undefined;
    this.spawn();
  }

  /** Resolves when it answers that it is ready. */
  async ready(): Promise<void> {
    const until = performance.now() + READY_MS;
    for (let last = 'no answer'; ;) {
      try {
        const response = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
        last = await response.text();
        if (response.ok) return;
      } catch {
        // not there yet
      }
      if (performance.now() > until) throw new Error(`${this.name} is not ready: ${last}\n${this.tail()}`);
      await delay(30);
    }
  }

  /** kill -9; it is started again. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  /** SIGTERM, and waits for its end; it is started again. */
  roll(): Promise<void> {
    return this.end('SIGTERM');
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Whether it stands still, as by SIGSTOP. */
  isStopped(): boolean {
    return readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ')[1]?.startsWith('T') ?? false;
  }

  /** Resolves when the present process has ended. */
  ended(): Promise<void> {
    return this.gone;
  }

  /** Ends it for good. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.wanted = false;
    const { gone } = this;
    this.signal('SIGCONT');
    this.signal(signal);
    const late = setTimeout(() => this.signal('SIGKILL'), 15_000);
    await gone;
    clearTimeout(late);
  }

  tail(lines = 12): string {
    try {
      return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
    } catch {
      return '';
    }
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { gone } = this;
    if (this.child?.exitCode === null && this.child.signalCode === null) this.expected = true;
    this.signal(signal);
    await gone;
  }

  private spawn(): void {
    const script = appScript(this.dist, this.role);
    const log = openSync(this.logFile, 'a');
    const env = { ...this.env, ...this.extra, [PORT_VARIABLE[this.role]]: String(this.port) };
    const start = (): ChildProcess =>
      spawn(process.execPath, [...this.nodeOptions, script], {
        env,
        stdio: ['ignore', log, log],
      });
    const child = guarded(start, 'KILL');
    closeSync(log);
    this.child = child;
    this.extra = {};
    this.gone = new Promise((resolve) =>
      child.once('exit', (code, signal) => {
        this.diedAt = performance.now();
        if (!this.expected && this.wanted) {
          this.crashes.push({ name: this.name, how: String(signal ?? code), tail: this.tail() });
        }
        this.expected = false;
        if (this.wanted) setTimeout(() => this.wanted && this.spawn(), 100);
        resolve();
      }),
    );
  }
}
