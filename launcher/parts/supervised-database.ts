import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#libs/local-postgres';
import { delayBeforeRestart, RESTART_POLICY, type RestartPolicy } from './restart-policy.js';

export interface SupervisedDatabaseOptions {
  readonly dataDir: string;
  /** Takes the launcher's messages about the server. */
  readonly say: (words: string) => void;
  readonly policy?: RestartPolicy | undefined;
}

/** Less room than two segments of its log: PostgreSQL may end, and does not start. */
const LEAST_BYTES = 32 * 1024 * 1024;

/** Keeps the embedded PostgreSQL running on one port, until `stop`. */
export class SupervisedDatabase {
  /** Resolves when the server ends too often, with an error that says why. An end for want of room on the disk does not count. */
  readonly gaveUp: Promise<Error>;
  private giveUp!: (error: Error) => void;
  private readonly stopping = new AbortController();
  private readonly ends: number[] = [];
  private readonly kept: Promise<void>;

  private constructor(
    private server: EmbeddedPostgres,
    private readonly options: SupervisedDatabaseOptions,
  ) {
    this.gaveUp = new Promise((resolve) => (this.giveUp = resolve));
    this.kept = this.keep();
  }

  /** Starts it; rejects where it does not come up. */
  static async start(options: SupervisedDatabaseOptions): Promise<SupervisedDatabase> {
    const { dataDir, say } = options;
    const server = await startEmbeddedPostgres({ dataDir, running: 'restart' });
    const where = server.cluster.startsWith(dataDir) ? '' : `, its data in ${server.cluster}`;
    say(`PostgreSQL on port ${server.port}${server.user ? ` as user ${server.user}` : ''}${where}`);
    return new SupervisedDatabase(server, options);
  }

  get url(): string {
    return this.server.url;
  }

  /** Ends the server, and resolves when it is gone. It is not started again. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.server.stop();
    await this.kept;
  }

  private async keep(): Promise<void> {
    let end = await this.nextEnd();
    while (!this.stopping.signal.aborted) {
      const pause = this.pauseAfter(end);
      if (pause === undefined) return;
      await delay(pause, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      if (this.stopping.signal.aborted) return;
      end = await this.startAgain();
    }
  }

  private async nextEnd(): Promise<string> {
    return `ended (code ${await this.server.exited})`;
  }

  /** Starts it on the same port, on which the apps connect again, and waits until it ends. Resolves to how it did. */
  private async startAgain(): Promise<string> {
    const { dataDir, say } = this.options;
    try {
      this.server = await startEmbeddedPostgres({ dataDir, running: 'restart', port: this.server.port });
    } catch (error) {
      return `does not start (${(error as Error).message.split(/[;\n]/, 1)[0]})`;
    }
    say('PostgreSQL runs again');
    if (this.stopping.signal.aborted) await this.server.stop();
    return this.nextEnd();
  }

  /** Milliseconds until it is started again; undefined where it is given up. */
  private pauseAfter(end: string): number | undefined {
    const { dataDir, say, policy = RESTART_POLICY } = this.options;
    const full = hasNoRoom(this.server.cluster);
    if (!full) this.ends.push(performance.now());
    const pause = full ? policy.maxDelayMs : delayBeforeRestart(this.ends, performance.now(), policy);
    const log = join(dataDir, 'logs', 'postgres.log');
    const why = full ? `: there is no room on the disk of ${this.server.cluster}` : '';
    if (pause === undefined) this.giveUp(new Error(`PostgreSQL ${end} ${policy.maxEnds} times: see ${log}`));
    else say(`PostgreSQL ${end}${why}; starting it again in ${pause / 1000} s`);
    return pause;
  }
}

function hasNoRoom(folder: string): boolean {
  try {
    const { bavail, bsize, blocks } = statfsSync(folder);
    return blocks > 0 && bavail * bsize < LEAST_BYTES;
  } catch {
    return false;
  }
}
