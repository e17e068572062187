import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { guarded } from '#libs/local-postgres';
import { delayBeforeRestart, RESTART_POLICY, type RestartPolicy } from './restart-policy.js';

export interface SupervisedAppOptions {
  /** Names the app in messages. */
  readonly name: string;
  /** Run as `node <script>`. */
  readonly script: string;
  readonly nodeOptions?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** Each line that the app writes. */
  readonly onLine: (line: string) => void;
  /** Takes the launcher's messages about the app. */
  readonly say: (words: string) => void;
  readonly policy?: RestartPolicy;
}

const KEPT_LINES = 20;
const LOG_FILE_BYTES = 20 * 1024 * 1024;

/**
 * Keeps one app running as a separate process, until `stop`. The process has its own process group, so that Ctrl-C
 * reaches the launcher only, and an IPC channel, which closes when the launcher is gone.
 */
export class SupervisedApp {
  /** Resolves when the app ends too often, with an error that says why. */
  readonly gaveUp: Promise<Error>;
  private giveUp!: (error: Error) => void;
  private child: ChildProcess | undefined;
  private ended: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;
  private readonly ends: number[] = [];
  private readonly lastLines: string[] = [];
  private log: number | undefined;
  /** Lines that the full disk has no room for. */
  private unwritten = 0;

  constructor(private readonly options: SupervisedAppOptions) {
    this.gaveUp = new Promise((resolve) => (this.giveUp = resolve));
    const { logFile } = options;
    if (existsSync(logFile) && statSync(logFile).size > LOG_FILE_BYTES) renameSync(logFile, `${logFile}.1`);
    this.start();
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Asks it to end, kills it after `graceMs`, and resolves when it is gone. It is not started again. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.kill(), graceMs);
    await this.ended;
    clearTimeout(timer);
    this.closeLog();
  }

  /** Ends it at once, with whatever it has started. */
  kill(): void {
    this.signal('SIGKILL', true);
  }

  private start(): void {
    const { script, nodeOptions = [], env } = this.options;
    const start = (): ChildProcess =>
      spawn(process.execPath, ['--enable-source-maps', ...nodeOptions, script], {
        env,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      });
    const child = guarded(start, 'TERM');
    this.child = child;
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => this.take(line));
    }
    child.on('error', (error) => this.take(`could not be started: ${error.message}`));
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.child = undefined;
        resolve();
        this.afterEnd(signal ?? `code ${code}`);
      });
    });
  }

  private afterEnd(how: string): void {
    if (this.stopping) return;
    const { name, say, policy = RESTART_POLICY } = this.options;
    this.ends.push(performance.now());
    const delay = delayBeforeRestart(this.ends, performance.now(), policy);
    if (delay === undefined) {
      const tail = this.lastLines.map((line) => `  ${line}`).join('\n');
      const often = `${policy.maxEnds} times within ${policy.windowMs / 1000} s`;
      this.giveUp(new Error(`${name} ended ${often} (the last time with ${how}). Its last lines:\n${tail}`));
      return;
    }
    say(`${name} ended (${how}); starting it again in ${delay / 1000} s`);
    this.timer = setTimeout(() => this.start(), delay);
  }

  private take(line: string): void {
    this.write(line);
    this.lastLines.push(line);
    if (this.lastLines.length > KEPT_LINES) this.lastLines.shift();
    this.options.onLine(line);
  }

  /** A log that can't be written ends nothing: the apps go on, and the log does when there is room. */
  private write(line: string): void {
    const { logFile, name, say } = this.options;
    try {
      this.log ??= openSync(logFile, 'a');
      if (this.unwritten > 0)
        writeSync(this.log, `lines missing here, which could not be written: ${this.unwritten}\n`);
      this.unwritten = 0;
      writeSync(this.log, `${line}\n`);
    } catch (error) {
      if (this.unwritten === 0) say(`the log of ${name} can't be written: ${(error as Error).message}`);
      this.unwritten += 1;
      this.closeLog();
    }
  }

  private closeLog(): void {
    if (this.log !== undefined) closeSync(this.log);
    this.log = undefined;
  }

  private signal(signal: NodeJS.Signals, group = false): void {
    const pid = this.child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(group && process.platform !== 'win32' ? -pid : pid, signal);
    } catch {
      // it ended meanwhile
    }
  }
}
