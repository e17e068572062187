import { type InputFault, pointer, quoted } from '#libs/chain-domain';
import {
  datasetFacts,
  type DatasetStatement,
  judgeUse,
  parseDatasetRef,
  partiesOf,
  type PolicyStatement,
  siteWordsOf,
  usesOf,
  type Statement,
  type UseRequest,
  type Verdict,
} from '#libs/consent';
import { isAtSites } from '#libs/compute';
import { statementsOfSubjects, type Queryable } from '#libs/repositories';
import type { TaskInput } from './chain-reading.js';

/** A task that will wait for the owner of a party, as far as the server knows. */
export interface ExpectedApproval {
  readonly task_id: string;
  readonly party: string;
  readonly reasons: readonly string[];
}

/** The datasets of one party that a task names, or what undoes it, each once. */
interface PartyPart {
  readonly task: TaskInput;
  readonly of: Written;
  /** Where its parameters stand in the task. */
  readonly place: readonly string[];
  readonly party: string;
  readonly references: readonly string[];
}
type Written = Pick<TaskInput, 'taskType' | 'params'>;

/**
 * What owners have said of the datasets that tasks name, before anything is created: datasets that do not exist and uses that a
 * policy refuses are faults. It is advice, from what the server stores: each party's process judges again, by signatures.
 */
export async function readOwnersWords(
  db: Queryable,
  tasks: readonly TaskInput[],
  by: Pick<UseRequest, 'proposer' | 'purpose'>,
): Promise<{ readonly faults: readonly InputFault[]; readonly approvals: readonly ExpectedApproval[] }> {
  const parts = tasks.flatMap(partsOf);
  const references = new Set(parts.flatMap((part) => part.references));
  if (references.size === 0) return { faults: [], approvals: [] };
  const subjects = [...references].flatMap((each) => [each, each.replace(/^dataset:(.*)@\d+$/, 'policy:$1')]);
  const stored = await statementsOfSubjects(db, [...new Set(subjects)]);
  const known = new Map(stored.map(({ subject, body }) => [subject, body as Statement]));
  const policies = [...known.values()].filter((body): body is PolicyStatement => body.kind === 'policy');
  const faults: InputFault[] = [];
  const approvals: ExpectedApproval[] = [];
  for (const part of parts) {
    const { task, of, party } = part;
    const at = pointer('tasks', task.position, ...part.place, 'task_params');
    const label = `Task ${quoted(task.taskId)}: `;
    const datasets = part.references.map((each) => known.get(each) as DatasetStatement | undefined);
    const missing = part.references.filter((_, i) => datasets[i] === undefined || datasets[i].removed === true);
    for (const reference of missing) {
      const message = `${label}${quoted(reference)} is not registered, or was removed. List datasets with "task-chain datasets ls --party ${party}".`;
      faults.push({ code: 'DATASET_UNKNOWN', pointer: at, message });
    }
    if (missing.length > 0) continue;
    const versions = datasets.map((statement) => ({ name: statement!.name, statement }));
    const own = policies.filter((each) => each.party === party);
    const verdict = verdictOf(part, versions, own, by);
    // That holds for the owner's own chains as well.
    const atSites = isAtSites(of.params);
    const kept = atSites ? undefined : siteWordsOf({ ...datasetFacts(versions), readsPlainFiles: false }, own);
    const words = kept ?? (verdict.kind === 'refused' && by.proposer !== party ? verdict.words : undefined);
    if (words !== undefined) {
      const message = `${label}the owner of ${party} refuses: ${words}`;
      faults.push({ code: 'POLICY_REFUSED', pointer: at, message });
    } else if (verdict.kind === 'ask') approvals.push({ task_id: task.taskId, party, reasons: verdict.reasons });
  }
  return { faults, approvals };
}

function partsOf(task: TaskInput): PartyPart[] {
  const { compensateWith: undo } = task;
  return [...partsIn(task, task, []), ...(undo ? partsIn(task, undo, ['compensate_with']) : [])];
}

function partsIn(task: TaskInput, of: Written, place: readonly string[]): PartyPart[] {
  return partiesOf(of.params).flatMap((party) => {
    const { inputs } = usesOf(of.params['task_config'], party, of.taskType);
    const references = inputs.filter((each) => parseDatasetRef(each)?.party === party);
    return references.length > 0 ? [{ task, of, place, party, references }] : [];
  });
}

/** By the policies alone: how often a dataset was used is known to its party. */
function verdictOf(
  { of: { taskType, params }, party }: PartyPart,
  versions: Parameters<typeof datasetFacts>[0],
  policies: readonly PolicyStatement[],
  by: Pick<UseRequest, 'proposer' | 'purpose'>,
): Verdict {
  const { engine } = params;
  return judgeUse(
    {
      party,
      parties: partiesOf(params),
      taskType,
      engine: typeof engine === 'string' ? engine : 'native',
      atSites: isAtSites(params),
      ...by,
      config: params['task_config'],
      task: '',
      use: '',
      asWritten: true,
      ...datasetFacts(versions),
      readsPlainFiles: false,
    },
    { policies, approvals: [], ledger: [] },
    new Date().toISOString(),
  );
}
