import { Injectable } from '@nestjs/common';
import type { Queryable } from './database.js';
import { ChainTask } from './entities/chain-task.entity.js';
import { TaskChain } from './entities/task-chain.entity.js';

/** Ordinary reads of chains and tasks: what is there, and in which state. The API's views are read by `readChains`. */
@Injectable()
export class ChainRepository {
  /** Returns undefined if the id does not exist. */
  async find(db: Queryable, chainId: string): Promise<TaskChain | undefined> {
    return (await db.entities.findOneBy(TaskChain, { chain_id: chainId })) ?? undefined;
  }

  /** undefined: the chain has no such task, or there is no such chain. */
  async findTask(db: Queryable, chainId: string, taskId: string): Promise<ChainTask | undefined> {
    return (await db.entities.findOneBy(ChainTask, { chain_id: chainId, task_id: taskId })) ?? undefined;
  }
}
