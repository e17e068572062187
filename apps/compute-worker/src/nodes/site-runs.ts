import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { dealerOf, TaskFailure, type TaskParams, type TaskRunResult } from '#libs/compute';
import { partiesOf } from '#libs/consent';
import { LOGGER, type Logger } from '#libs/platform';
import type { TaskJob } from '#libs/queues';
import { NodeOfferRepository, type Database, type SiteOfRun } from '#libs/repositories';
import { NODE_DATABASE } from './node-database.js';
import { judgeSites, voteFault } from './site-states.js';

const LOOK_MS = 1_000;
/** A task that is offered goes in one frame. */
const MOST_TASK_BYTES = 64 * 1024;

/** How a run at sites goes. */
interface SiteRunEvents {
  readonly signal: AbortSignal;
  /** All sites have accepted. */
  begin(): void;
  progress(fraction: number, stage: string): void;
}

/**
 * Runs tasks at sites: offers them, and waits for what the sites answer. All state is in the rows of the attempt: a worker that takes it after
 * this one goes on with them, and once the attempt does not count any more, nothing of it is offered. So a run that is stopped here leaves them.
 * It looks once a second at all its runs in one statement: no notification has to arrive.
 */
@Injectable()
export class SiteRuns {
  private readonly waiting = new Map<string, (sites: readonly SiteOfRun[]) => Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private looks = false;

  constructor(
    @Inject(NODE_DATABASE) private readonly db: Database,
    private readonly offers: NodeOfferRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Runs one attempt. Throws TaskFailure, or the signal's reason. */
  async run(job: TaskJob, events: SiteRunEvents): Promise<TaskRunResult> {
    const run = await this.offer(job, events.signal);
    return this.untilOver(run, events);
  }

  private async offer(
    { chainId, taskId, taskRequestId, taskType, attempt, params, consent, ...job }: TaskJob,
    signal: AbortSignal,
  ): Promise<string> {
    if (job.partyResults?.length || job.handed?.length || job.secrets?.length)
      throw new TaskFailure(
        'INVALID_PARAMS',
        'A task at sites takes no secrets, no results of single parties, and no artifacts of other chains.',
      );
    const purpose = consent?.task.purpose;
    const task = JSON.stringify({
      chain_id: chainId,
      task_id: taskId,
      task_type: taskType,
      ...(purpose !== undefined && { purpose }),
      task_params: params,
    });
    if (Buffer.byteLength(task) > MOST_TASK_BYTES)
      throw new TaskFailure('INVALID_PARAMS', `A task at sites is at most ${MOST_TASK_BYTES} bytes of JSON.`);
    const parties = partiesOf(params as TaskParams);
    const dealer = dealerOf(params);
    const sites = [
      ...parties.map((party) => ({ party, dealer: false })),
      ...(dealer === undefined ? [] : [{ party: dealer, dealer: true }]),
    ];
    for (;;) {
      signal.throwIfAborted();
      let names: string;
      try {
        const { run, missing } = await this.offers.offer(this.db, {
          taskRequestId,
          attempt,
          run: randomUUID(),
          sites,
          task,
        });
        if (run !== null) return run;
        names = missing.join(', ');
      } catch (error) {
        this.logger.warn({ err: error }, 'a task could not be offered to its sites, and is offered again');
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        continue;
      }
      const message = `No site of ${names} has joined, or it was revoked, or its certificate has ended: see task-chain nodes ls.`;
      throw new TaskFailure('SITE_UNAVAILABLE', message);
    }
  }

  private untilOver(run: string, events: SiteRunEvents): Promise<TaskRunResult> {
    const { signal } = events;
    return new Promise<TaskRunResult>((resolve, reject) => {
      const over = (): void => {
        this.waiting.delete(run);
        if (this.waiting.size === 0) clearInterval(this.timer);
      };
      const abort = (): void => {
        over();
        reject(signal.reason as Error);
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      const settle = (work: () => void): void => {
        signal.removeEventListener('abort', abort);
        over();
        work();
      };
      if (this.waiting.size === 0) this.timer = setInterval(() => void this.look(), LOOK_MS);
      const follow = async (sites: readonly SiteOfRun[]): Promise<void> => {
        const verdict = judgeSites(sites);
        switch (verdict.kind) {
          case 'wait':
            return;
          case 'go':
            // What it says comes back with the next look.
            return void this.offers.start(this.db, run).catch(() => undefined);
          case 'running':
            events.begin();
            return events.progress(verdict.fraction, verdict.stage);
          case 'prepared': {
            events.begin();
            const fault = await voteFault(sites);
            // What ends the task otherwise makes nothing count. Where it cannot be stored, the next look does it.
            if (!fault && !(await this.offers.vote(this.db, run).catch(() => false))) return;
            return settle(() => (fault ? reject(fault) : resolve(verdict.outcome)));
          }
          case 'failed':
            if (verdict.lost) void this.offers.lose(this.db, run).catch(() => undefined);
            return settle(() => reject(verdict.error));
        }
      };
      this.waiting.set(run, (sites) =>
        // It would be so at each look, and the other runs are not to suffer by it.
        follow(sites).catch((error: unknown) => settle(() => reject(error as Error))),
      );
    });
  }

  private async look(): Promise<void> {
    if (this.looks) return;
    this.looks = true;
    try {
      const rows = await this.offers.sitesOf(this.db, [...this.waiting.keys()]);
      for (const [run, take] of [...this.waiting]) {
        const sites = rows.filter((row) => row.run === run);
        // The chain may have been deleted: the engine ends the run.
        if (sites.length > 0) await take(sites);
      }
    } catch (error) {
      this.logger.warn({ err: error }, 'runs at sites could not be looked at');
    } finally {
      this.looks = false;
    }
  }
}
