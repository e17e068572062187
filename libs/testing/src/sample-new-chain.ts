import { DEFAULT_RETRY_POLICY, DEFAULT_SETTINGS } from '#libs/chain-domain';
import type { NewChain } from '#libs/chain-engine';

/** A running chain of diagnostic tasks, each given by the positions of its parents. */
export function sampleNewChain(parents: readonly (readonly number[])[]): NewChain {
  return {
    chainName: 'one',
    chainType: 'complex',
    description: null,
    config: {},
    metadata: {},
    labels: {},
    createdBy: null,
    proposer: null,
    byAdmin: false,
    stopOnError: true,
    timeoutSeconds: 3600,
    approvalTimeoutSeconds: 3600,
    execute: true,
    maxParallel: null,
    concurrency: null,
    tasks: parents.map((predecessors, position) => ({
      taskId: `t${position}`,
      taskName: `t${position}`,
      taskType: 'diagnostic',
      executionMode: 'parallel',
      dependsOn: predecessors.map((parent) => ({ taskId: `t${parent}`, dependencyType: 'sequential', when: null })),
      isCallback: false,
      params: {},
      priority: 5,
      triggerRule: 'all_success',
      retryPolicy: DEFAULT_RETRY_POLICY,
      timeoutSeconds: null,
      queueTimeoutSeconds: null,
      ...DEFAULT_SETTINGS,
      concurrency: null,
      conditions: [],
      level: 0,
      predecessors,
      successors: parents.flatMap((of, child) => (of.includes(position) ? [child] : [])),
      referenced: [],
    })),
  };
}
