import { Injectable } from '@nestjs/common';
import { And, Any, MoreThan, Not } from 'typeorm';
import type { Queryable } from './database.js';
import { Artifact } from './entities/artifact.entity.js';
import { ChainTask } from './entities/chain-task.entity.js';
import { TaskAttempt } from './entities/task-attempt.entity.js';
import { TaskLog } from './entities/task-log.entity.js';

/** An attempt that has ended, or the one under way with its present status as outcome. */
export type AttemptView = Omit<TaskAttempt, 'task_request_id' | 'tenant_id' | 'finished_at'> & {
  finished_at: string | null;
};
export type LogView = Omit<TaskLog, 'task_request_id' | 'tenant_id'>;
export type ArtifactView = Omit<Artifact, 'chain_id' | 'task_id' | 'tenant_id'>;

/** Which lines of a log are read. */
export interface WantedLines {
  /** Those after this id. */
  readonly after: number;
  readonly limit: number;
  readonly attempt?: number | undefined;
  /** The newest of them, and not the oldest. */
  readonly newest?: boolean;
  /** But for these. */
  readonly except?: readonly number[];
}

const IN_FLIGHT = ['QUEUED', 'RUNNING'];

/** The attempts, log lines and artifacts of a task. */
@Injectable()
export class TaskHistoryRepository {
  /** In their order. One statement reads ended attempts and the one under way, so that none is missing or there twice. */
  async attempts(db: Queryable, taskRequestId: string): Promise<AttemptView[]> {
    const task = await db.entities
      .createQueryBuilder(ChainTask, 'task')
      .leftJoinAndMapMany('task.attempts', TaskAttempt, 'ended', 'ended.task_request_id = task.task_request_id')
      .where('task.task_request_id = :taskRequestId', { taskRequestId })
      .orderBy('ended.attempt')
      .getOne();
    if (task === null) return [];
    const ended = task.attempts!.map(({ task_request_id: _, ...view }) => view);
    if (!IN_FLIGHT.includes(task.status)) return ended;
    const { attempt, run_id, worker_id, queued_at, started_at, status: outcome } = task;
    return [...ended, { attempt, run_id, worker_id, queued_at, started_at, finished_at: null, outcome, error: null }];
  }

  /** Lines after row `after` in the order of their ids, of one attempt or of all. */
  async logs(db: Queryable, taskRequestId: string, wanted: WantedLines): Promise<LogView[]> {
    const { after, limit, attempt, newest = false, except = [] } = wanted;
    const isWanted = except.length === 0 ? MoreThan(after) : And(MoreThan(after), Not(Any([...except])));
    const lines = await db.entities.find(TaskLog, {
      where: { task_request_id: taskRequestId, id: isWanted, ...(attempt !== undefined && { attempt }) },
      order: { id: newest ? 'DESC' : 'ASC' },
      take: limit,
    });
    return newest ? lines.reverse() : lines;
  }

  /** By their names. */
  async artifacts(db: Queryable, chainId: string, taskId: string): Promise<ArtifactView[]> {
    const artifacts = await db.entities.find(Artifact, {
      where: { chain_id: chainId, task_id: taskId },
      order: { name: 'ASC' },
    });
    return artifacts.map(({ chain_id: _, task_id: __, ...view }) => view);
  }
}
