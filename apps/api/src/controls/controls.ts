import { Injectable } from '@nestjs/common';
import { answerOnce, commandChain, type Caller, type CommandOutcome, type OperatorCommand } from '#libs/chain-engine';
import type { AuditedChange, Queryable } from '#libs/repositories';
import { ChainReader } from '../chains/chain-reader.js';
import { Problem } from '../http/problem.js';
import { callerOf } from '../auth/caller.js';
import { chainTag, taskTag, versionsOf } from '../http/entity-tag.js';
import { answerOf, idempotentRequest } from '../http/idempotency-key.js';
import { TenantDirectory } from '../auth/tenant-directory.js';
import type { ControlDto } from './controls.dto.js';
import type { ControlRequest } from './control-request.js';
import type { ControlBodyDto } from './control-bodies.dto.js';
import { refusalProblem } from './refusals.js';

/** What a control call asks for. */
export interface ControlCall {
  /** The name of the operation: with the chain it is the scope of the idempotency key. */
  readonly operation: string;
  readonly chainId: string;
  /** The task that the path names. */
  readonly taskId?: string;
  readonly command: OperatorCommand;
  readonly body: ControlBodyDto;
  /** What an idempotency key stands for; else body and command. */
  readonly content?: object;
}

/**
 * Carries out control calls. The answer to a call with an Idempotency-Key is stored in the transaction of the command
 * itself; a call that is refused leaves its key free. A dry run stores nothing and ignores its key.
 */
@Injectable()
export class Controls {
  constructor(
    private readonly reader: ChainReader,
    private readonly directory: TenantDirectory,
  ) {}

  /** Carries out the call. `complete` adds to the answer what the command itself does not return. */
  async call<T extends ControlDto = ControlDto>(
    { databases: { engine }, headers, reply }: ControlRequest,
    call: ControlCall,
    complete: (db: Queryable, answer: ControlDto) => Promise<T> = async (_db, answer) => answer as T,
  ): Promise<T> {
    const { operation, chainId, taskId, body, command } = call;
    const dryRun = body.dry_run === true;
    const request = idempotentRequest(headers['idempotency-key'], call.content ?? { body, command });
    const scope = `${operation}:${this.reader.id(chainId)}`;
    const quota = dryRun ? undefined : await this.directory.quotaOf(engine.tenant!);
    const caller = callerOf(reply);
    const work = async (db: Queryable): Promise<T> => {
      const versions = versionsOf(headers['if-match'], taskId !== undefined);
      const expected = versions && { taskId, versions };
      const options = { dryRun, expected, quota, ...auditOf(caller, call) };
      return complete(db, this.answer(call, await commandChain(db, chainId, command, options)));
    };
    const outcome = await answerOnce(engine, scope, dryRun ? undefined : request, work);
    return answerOf(outcome, reply);
  }

  private answer({ chainId, taskId, command, body }: ControlCall, outcome: CommandOutcome): ControlDto {
    switch (outcome.kind) {
      case 'outdated': {
        const tag = taskId === undefined ? chainTag(outcome.version) : taskTag(outcome.version);
        const what = taskId === undefined ? 'chain' : 'task';
        throw new Problem(
          'PRECONDITION_FAILED',
          `The ${what} has changed since it was read and is now ${tag}: read it again and decide again.`,
          { headers: { ETag: tag }, state: { chain_status: outcome.status } },
        );
      }
      case 'not-found':
        throw this.reader.notFound(chainId);
      case 'task-not-found':
        throw new Problem('TASK_NOT_FOUND', `The chain has no task ${JSON.stringify(outcome.taskId.slice(0, 80))}.`);
      case 'refused':
        throw refusalProblem(outcome.refusal, command);
      case 'done':
        return { chain_id: chainId, dry_run: body.dry_run === true, ...changesOf(outcome) };
    }
  }
}

/** What the chain's history and the audit log record of a command: caller, reason and parameters. */
export function auditOf(
  caller: Caller,
  { operation: action, chainId, command, body }: ControlCall,
  more: Readonly<Record<string, unknown>> = {},
): { data: Record<string, unknown>; audit: AuditedChange } {
  const details: Record<string, unknown> = { note: body.note ?? null };
  if (command.kind === 'RetryChain' && command.from !== undefined) {
    details['from'] = command.from;
    details['include_downstream'] = command.includeDownstream;
  }
  if (command.kind === 'SetPriority') details['priority'] = command.priority;
  if (command.kind === 'AnswerSignOff') details['decision'] = command.decision;
  Object.assign(details, more);
  const target = 'taskId' in command && command.taskId !== undefined ? `${chainId}/${command.taskId}` : chainId;
  return { data: { by: caller.actor, ...details }, audit: { ...caller, action, target, details } };
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
