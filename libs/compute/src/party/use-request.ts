import { datasetFacts, type DatasetStatement, type Statement, type UseRequest } from '#libs/consent';
import type { TaskConsent } from '../contract/task-type.js';

interface Use extends Pick<UseRequest, 'task' | 'use' | 'asWritten' | 'readsPlainFiles'> {
  /** `<name>@<version>`, or a name from an older lineage. */
  readonly versions: readonly string[];
  readonly atSites: boolean;
}

/** A use of a party's datasets, as its owner's statements judge it. */
export function useRequestOf(
  party: string,
  peers: readonly string[],
  { task, params }: TaskConsent,
  statements: ReadonlyMap<string, Statement>,
  { versions, ...use }: Use,
): UseRequest {
  const facts = datasetFacts(
    versions.map((version) => ({
      name: version.split('@')[0]!,
      // Absent where an older lineage does not say which version went in.
      statement: statements.get(`dataset:${party}/${version}`) as DatasetStatement | undefined,
    })),
  );
  return {
    party,
    parties: [party, ...peers],
    taskType: task.task_type,
    engine: params.engine ?? 'native',
    proposer: task.proposer,
    purpose: task.purpose,
    config: params.task_config,
    ...use,
    ...facts,
  };
}
