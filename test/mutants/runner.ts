import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { guarded } from '#libs/local-postgres';
import type { Report } from './host.js';

const HOST = fileURLToPath(new URL('./host.js', import.meta.url));
/** Bytes after which a process is started anew. */
const MAX_RSS = 800 * 1024 ** 2;

/** Runs spec files of a tree in a process that is ended when one takes too long. */
export class Runner {
  private host: ChildProcess | undefined;

  /** `pure`: the specs leave nothing open when a test fails, so that the process goes on. */
  constructor(
    private readonly tree: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly pure: boolean,
  ) {}

  /** undefined: it took longer than `limitMs`. */
  async run(spec: string, limitMs: number): Promise<Report | undefined> {
    const host = (this.host ??= this.start());
    const report = await new Promise<Report | undefined>((resolve) => {
      const finish = (result: Report | undefined): void => {
        clearTimeout(timer);
        host.off('message', finish as (message: unknown) => void).off('exit', ended);
        resolve(result);
      };
      const ended = (): void => finish({ failures: ['the process ended'], ms: 0, cpuMs: 0, rss: Infinity });
      const timer = setTimeout(() => finish(undefined), limitMs);
      host.once('message', finish as (message: unknown) => void).once('exit', ended);
      host.send({ tree: this.tree, spec });
    });
    // What a test that failed has left open would fail the next ones.
    const clean = report !== undefined && (this.pure || report.failures.length === 0);
    if (!clean || report.rss > MAX_RSS) this.stop();
    return report;
  }

  stop(): void {
    if (this.host?.pid !== undefined && this.host.exitCode === null && this.host.signalCode === null) {
      try {
        process.kill(-this.host.pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
    this.host = undefined;
  }

  private start(): ChildProcess {
    const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
    return guarded(
      () =>
        spawn(process.execPath, [...flags, HOST], {
          cwd: this.tree,
          env: { ...process.env, ...this.env },
          stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
          detached: true,
        }),
      'KILL',
    );
  }
}
