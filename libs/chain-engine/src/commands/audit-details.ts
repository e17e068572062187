import { parseDatasetRef, partiesOf, usesOf } from '#libs/consent';
import type { NewChain } from './new-chain.js';

/** So many names of a kind stand in a row; `omitted` counts the others. */
const MOST = 1_000;

/**
 * What the audit log keeps of a new chain, which may be removed long before the row: what it does, with whose data, and for whom
 * files are encrypted. What a task gets by a reference to a result is not known yet.
 */
export function auditDetailsOf({ chainName, tasks, execute }: NewChain): Readonly<Record<string, unknown>> {
  const named = {
    task_types: new Set<string>(),
    parties: new Set<string>(),
    datasets: new Set<string>(),
    recipients: new Set<string>(),
  };
  for (const { taskType, params } of tasks) {
    named.task_types.add(taskType);
    const config = (params as { readonly task_config?: { readonly recipients?: unknown } } | null)?.task_config;
    for (const party of partiesOf(params)) {
      named.parties.add(party);
      for (const input of usesOf(config, party, taskType).inputs) if (parseDatasetRef(input)) named.datasets.add(input);
    }
    const recipients: unknown = config?.recipients;
    for (const each of Array.isArray(recipients) ? recipients : []) {
      if (typeof each === 'string') named.recipients.add(each);
    }
  }
  const lists = Object.entries(named).map(([kind, names]) => [kind, [...names].sort().slice(0, MOST)] as const);
  const omitted = Object.values(named).reduce((sum, names) => sum + Math.max(0, names.size - MOST), 0);
  return {
    ...{ chain_name: chainName, total_tasks: tasks.length, execute },
    ...Object.fromEntries(lists),
    ...(omitted > 0 && { omitted }),
  };
}
