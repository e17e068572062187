import type { DueTime, NewChain, TemplateUse } from '#libs/chain-engine';
import { findReferences } from '#libs/chain-domain';
import type { ChainInput } from './chain-input.js';
import { compensationOf } from './read-compensations.js';
import type { Author } from './read-chain-of.js';

/** A chain that was read without a fault, as the engine takes it. */
export function newChainOf(
  input: ChainInput,
  by: Author & { readonly template?: TemplateUse | undefined; readonly schedule?: DueTime | undefined },
): NewChain {
  const { plan } = input;
  const positions = new Map(input.tasks.map((task) => [task.taskId, task.position]));
  return {
    chainName: input.chainName,
    chainType: plan.chainType,
    description: input.description,
    config: input.config,
    outputs: input.outputs,
    compensation: compensationOf(input.tasks),
    template: by.template,
    schedule: by.schedule,
    metadata: input.metadata,
    labels: input.labels,
    createdBy: by.actor,
    proposer: by.party,
    byAdmin: by.isAdmin,
    stopOnError: input.options.stopOnError,
    timeoutSeconds: input.options.timeoutSeconds,
    approvalTimeoutSeconds: input.options.approvalTimeoutSeconds,
    execute: input.execute,
    maxParallel: input.options.maxParallel,
    concurrency: input.options.concurrency,
    tasks: input.tasks.map(({ conditionTasks, compensateWith: _undone, ...task }) => {
      const named = [
        ...findReferences(task.params, positions).references.map(({ taskId }) => taskId),
        ...conditionTasks,
      ];
      return {
        ...task,
        level: plan.level[task.position]!,
        predecessors: plan.predecessors[task.position]!,
        successors: plan.successors[task.position]!,
        referenced: [...new Set(named)].map((taskId) => positions.get(taskId)!),
      };
    }),
  };
}
