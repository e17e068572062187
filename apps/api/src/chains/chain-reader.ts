import { Injectable } from '@nestjs/common';
import { ChainRepository, readChains } from '#libs/repositories';
import type { ChainParts, ChainTask, Queryable, ShownChain, TaskChain } from '#libs/repositories';
import type { partyOf } from '../auth/caller.js';
import { Problem } from '../http/problem.js';
import type { GraphDto } from './graph.dto.js';
import { graphOf } from './graph.js';
import { namesVersion } from '../http/entity-tag.js';
import { isId } from '../http/patterns.js';

/** The caller's party, and whether the caller is an admin. */
type Reader = ReturnType<typeof partyOf>;

/** Finds chains and tasks by the ids in the path. Throws NOT_FOUND problems. */
@Injectable()
export class ChainReader {
  constructor(private readonly chains: ChainRepository) {}

  /** Returns a well-formed id, else throws: no query for an id that cannot exist. */
  id(chainId: string): string {
    if (!isId(chainId)) throw this.notFound(chainId);
    return chainId;
  }

  /** The chain without its tasks: whole, or its id and these fields. */
  async chain(db: Queryable, chainId: string, fields?: readonly string[]): Promise<ShownChain> {
    return (await readChains.chain(db, this.id(chainId), fields)) ?? this.noChain(chainId);
  }

  /**
   * The version of the chain where If-None-Match names it; undefined: send the chain. While a chain is under way,
   * progress and the reasons for waiting change without its version.
   */
  async unchanged(db: Queryable, chainId: string, ifNoneMatch: string): Promise<number | undefined> {
    const found = (await readChains.versions(db, [this.id(chainId)])).get(chainId);
    if (found === undefined || ['RUNNING', 'PAUSED'].includes(found.status)) return undefined;
    return namesVersion(ifNoneMatch, found.version) ? found.version : undefined;
  }

  /** The chain and its tasks as of one moment, whole or in `parts`. */
  async chainWithTasks(db: Queryable, chainId: string, parts?: ChainParts) {
    return (await readChains.withTasks(db, this.id(chainId), parts)) ?? this.noChain(chainId);
  }

  async graph(db: Queryable, chainId: string): Promise<GraphDto> {
    return graphOf(chainId, (await readChains.graph(db, this.id(chainId))) ?? this.noChain(chainId));
  }

  /** The task as a key of `party` reads it, or an admin. */
  async task(db: Queryable, chainId: string, taskId: string, { party, isAdmin }: Reader) {
    const known = isId(taskId);
    const task = known ? await readChains.task(db, this.id(chainId), taskId, party, isAdmin) : undefined;
    return task ?? (await this.noTask(db, chainId, taskId));
  }

  /** The chain, as far as an ordinary read needs it. */
  async findChain(db: Queryable, chainId: string): Promise<TaskChain> {
    return (await this.chains.find(db, this.id(chainId))) ?? this.noChain(chainId);
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

  private noChain(chainId: string): never {
    throw this.notFound(chainId);
  }

  notFound(chainId: string): Problem {
    return new Problem('CHAIN_NOT_FOUND', `There is no chain ${JSON.stringify(chainId.slice(0, 80))}.`);
  }
}
