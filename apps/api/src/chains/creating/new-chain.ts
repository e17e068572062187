import type { ChildPlan, DueTime, NewChain, TemplateUse } from '#libs/chain-engine';
import { findReferences } from '#libs/chain-domain';
import type { ChainInput, ReadChild } from './chain-reading.js';
import { compensationOf } from './read-compensations.js';
import type { Author } from './read-chain-of.js';

/** A chain that was read without a fault, as the engine takes it. */
export function newChainOf(
  input: ChainInput,
  by: Author & { readonly template?: TemplateUse | undefined; readonly schedule?: DueTime | undefined },
): NewChain {
  return {
    ...plannedChain(input, by, by.template),
    schedule: by.schedule,
    createdBy: by.actor,
    byAdmin: by.isAdmin,
    execute: input.execute,
    childTasks: input.childTasks,
  };
}

/** What does not depend on when the chain starts. The children of an author's chain are the author's. */
function plannedChain(input: ChainInput, by: Author, template: TemplateUse | undefined): ChildPlan['chain'] {
  const { plan } = input;
  const positions = new Map(input.tasks.map((task) => [task.taskId, task.position]));
  return {
    chainName: input.chainName,
    chainType: plan.chainType,
    description: input.description,
    config: input.config,
    outputs: input.outputs,
    compensation: compensationOf(input.tasks),
    template,
    metadata: input.metadata,
    labels: input.labels,
    proposer: by.party,
    stopOnError: input.options.stopOnError,
    timeoutSeconds: input.options.timeoutSeconds,
    approvalTimeoutSeconds: input.options.approvalTimeoutSeconds,
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
        child: childOf(input.children.get(task.position), by),
      };
    }),
  };
}

function childOf(child: ReadChild | undefined, by: Author): ChildPlan | undefined {
  if (child === undefined) return undefined;
  const { input, template, open, repeat, forEach } = child;
  return { chain: plannedChain(input, by, template), open, repeat, forEach };
}
