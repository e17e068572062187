import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { answerOnce, commandChain, type Caller, type CommandOutcome, type OperatorCommand } from '#libs/chain-engine';
import type { Refusal } from '#libs/chain-domain';
import type { AuditedChange, Queryable, Quota, TenantDatabases } from '#libs/repositories';
import { ChainReader } from '../chains/chain-reader.js';
import { Problem } from '../http/problem.js';
import { callerOf } from '../auth/caller.js';
import { chainTag, taskTag, versionsOf } from '../http/entity-tag.js';
import { answerOf, idempotentRequest } from '../http/idempotency-key.js';
import { TenantDirectory } from '../auth/tenant-directory.js';
import type { ControlDto } from './controls.dto.js';
import type { ControlBody } from './read-control.js';

/** One call of a control: what is to be done, as whom it is known, and what came with it. */
export interface ControlCall {
  /** The name of the operation: the scope of the idempotency key, with the chain. */
  readonly operation: string;
  readonly chainId: string;
  readonly command: OperatorCommand;
  /** For words: what the chain or task cannot be. */
  readonly done: string;
  readonly body: ControlBody;
  readonly headers: ControlHeaders;
  /** The task that the path names. */
  readonly taskId?: string;
}

export interface ControlHeaders {
  readonly 'idempotency-key'?: string;
  readonly 'if-match'?: string;
}

/**
 * Carries out control calls. The answer to a call with an Idempotency-Key is stored in the transaction of the command
 * itself; a call that is refused leaves its key free. A dry run stores nothing, so its key is not looked at.
 */
@Injectable()
export class Controls {
  constructor(
    private readonly reader: ChainReader,
    private readonly directory: TenantDirectory,
  ) {}

  /** Does it and answers; `complete` adds to the answer what the command itself does not tell. */
  async call<T extends ControlDto = ControlDto>(
    { engine }: TenantDatabases,
    call: ControlCall,
    reply: FastifyReply,
    complete: (db: Queryable, answer: ControlDto) => Promise<T> = async (_db, answer) => answer as T,
  ): Promise<T> {
    const { operation, chainId, body, headers, command } = call;
    const dryRun = body.dry_run === true;
    const request = idempotentRequest(headers['idempotency-key'], { body, command });
    const scope = `${operation}:${this.reader.id(chainId)}`;
    const quota = dryRun ? undefined : await this.directory.quotaOf(engine.tenant!);
    const work = async (db: Queryable): Promise<T> => complete(db, await this.act(db, call, callerOf(reply), quota));
    const outcome = await answerOnce(engine, scope, dryRun ? undefined : request, work);
    return answerOf(outcome, reply);
  }

  private async act(db: Queryable, call: ControlCall, caller: Caller, quota?: Quota): Promise<ControlDto> {
    const { operation, chainId, command, body, done, headers, taskId } = call;
    const dryRun = body.dry_run === true;
    const versions = versionsOf(headers['if-match'], taskId !== undefined);
    const expected = versions === undefined ? undefined : { taskId, versions };
    const words = auditOf(caller, operation, chainId, command, body);
    const outcome = await commandChain(db, chainId, command, { dryRun, expected, quota, ...words });
    switch (outcome.kind) {
      case 'outdated': {
        const tag = taskId === undefined ? chainTag(outcome.version) : taskTag(outcome.version);
        const what = taskId === undefined ? 'chain' : 'task';
        throw new Problem(
          'PRECONDITION_FAILED',
          `The ${what} has changed since it was read and is now ${tag}: read it again and decide anew.`,
          { headers: { ETag: tag }, state: { chain_status: outcome.status } },
        );
      }
      case 'not-found':
        throw this.reader.notFound(chainId);
      case 'task-not-found':
        throw new Problem('TASK_NOT_FOUND', `The chain has no task ${JSON.stringify(outcome.taskId.slice(0, 80))}.`);
      case 'refused':
        throw conflict(outcome.refusal, done, 'taskId' in command);
      case 'done':
        return { chain_id: chainId, dry_run: dryRun, ...changesOf(outcome) };
    }
  }
}

/** What the chain's history and the audit log keep of a command: who, why, and what was asked for. */
export function auditOf(
  caller: Caller,
  action: string,
  chainId: string,
  command: OperatorCommand,
  { note = null, ...more }: { readonly note?: string | null; readonly bulk?: true },
): { data: Record<string, unknown>; audit: AuditedChange } {
  const details: Record<string, unknown> = { note };
  if (command.kind === 'RetryChain' && command.from !== undefined) {
    details['from'] = command.from;
    details['include_downstream'] = command.includeDownstream;
  }
  if (command.kind === 'SetPriority') details['priority'] = command.priority;
  if (more.bulk) details['bulk'] = true;
  const target = 'taskId' in command && command.taskId !== undefined ? `${chainId}/${command.taskId}` : chainId;
  return { data: { by: caller.actor, ...details }, audit: { ...caller, action, target, details } };
}

/** A refusal in words, with the state that stands against it. */
export function conflict(refusal: Refusal, done: string, ofTask = false): Problem {
  const state = { chain_status: refusal.status };
  switch (refusal.refused) {
    case 'CHAIN_STATE_CONFLICT': {
      const detail = ofTask
        ? `The chain is ${refusal.status}: a task of it cannot be ${done}.`
        : `The chain is ${refusal.status} and cannot be ${done}.`;
      return new Problem('CHAIN_STATE_CONFLICT', detail, { state });
    }
    case 'NOTHING_TO_RETRY': {
      const detail = `The chain is ${refusal.status} and has no task that failed, was cancelled or skipped.`;
      return new Problem('CHAIN_STATE_CONFLICT', detail, { state });
    }
    case 'TASK_STATE_CONFLICT': {
      const { taskId, taskStatus } = refusal;
      return new Problem('TASK_STATE_CONFLICT', `Task ${taskId} is ${taskStatus} and cannot be ${done}.`, {
        state: { ...state, task_id: taskId, task_status: taskStatus },
      });
    }
  }
}

function changesOf({
  status,
  epoch,
  changes,
}: Extract<CommandOutcome, { kind: 'done' }>): Pick<ControlDto, 'status' | 'epoch' | 'tasks'> {
  const tasks = changes.map(({ taskId, skipReason, from, to, hold, priority }) => {
    return { task_id: taskId, from, to, hold, skip_reason: skipReason, priority };
  });
  return { status, epoch, tasks };
}
