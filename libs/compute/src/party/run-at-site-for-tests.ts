import { join } from 'node:path';
import type { TaskRun } from '../contract/task-type.js';
import type { TestSites } from './sites-for-tests.js';

/** What a run of any task has at the site of a party, whose files lie in a folder of its name below `folder`. */
export const runAtSite = (folder: string, sites: TestSites, party: string): Omit<TaskRun<never>, 'params'> => ({
  ...{ chainId: 'c1', taskId: 't1', attempt: 1, requestId: 'r1', inputs: {} },
  dataRoot: join(folder, party, 'data'),
  artifactRoot: join(folder, party, 'artifacts'),
  signal: new AbortController().signal,
  progress: () => undefined,
  log: () => undefined,
  site: sites.of(party),
});
