import { Injectable } from '@nestjs/common';
import { ChainRepository, readChains } from '#libs/repositories';
import type { ChainTask, ChainView, Queryable, TaskChain, TaskView } from '#libs/repositories';
import { Problem } from '../http/problem.js';
import { isId } from '../http/patterns.js';

/** Finds chains and tasks by the ids in the path. Throws NOT_FOUND problems. */
@Injectable()
export class ChainReader {
  constructor(private readonly chains: ChainRepository) {}

  /** Returns a well-formed id, else throws: no query for an id that cannot exist. */
  id(chainId: string): string {
    if (!isId(chainId)) throw this.notFound(chainId);
    return chainId;
  }

  async chain(db: Queryable, chainId: string): Promise<ChainView> {
    const chain = await readChains.chain(db, this.id(chainId));
    if (chain === undefined) throw this.notFound(chainId);
    return chain;
  }

  async task(db: Queryable, chainId: string, taskId: string): Promise<TaskView & { params: unknown }> {
    const known = isId(taskId);
    const task = known ? await readChains.task(db, this.id(chainId), taskId) : undefined;
    return task ?? (await this.noTask(db, chainId, taskId));
  }

  /** The chain, as far as an ordinary read needs it. */
  async findChain(db: Queryable, chainId: string): Promise<TaskChain> {
    const chain = await this.chains.find(db, this.id(chainId));
    if (chain === undefined) throw this.notFound(chainId);
    return chain;
  }

  /** The task, as far as an ordinary read needs it. */
  async findTask(db: Queryable, chainId: string, taskId: string): Promise<ChainTask> {
    const known = isId(taskId);
    const task = known ? await this.chains.findTask(db, this.id(chainId), taskId) : undefined;
    return task ?? (await this.noTask(db, chainId, taskId));
  }

  private async noTask(db: Queryable, chainId: string, taskId: string): Promise<never> {
    await this.findChain(db, chainId);
    throw new Problem('TASK_NOT_FOUND', `The chain has no task ${JSON.stringify(taskId.slice(0, 80))}.`);
  }

  notFound(chainId: string): Problem {
    return new Problem('CHAIN_NOT_FOUND', `There is no chain ${JSON.stringify(chainId.slice(0, 80))}.`);
  }
}
