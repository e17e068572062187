import { type InputFault, pointer, quoted } from '#libs/chain-domain';
import {
  type DatasetStatement,
  judgeUse,
  parseDatasetRef,
  partiesOf,
  type PolicyStatement,
  subjectOf,
  usesOf,
  type Statement,
  type UseRequest,
  type Verdict,
} from '#libs/consent';
import { statementsOfSubjects, type Queryable } from '#libs/repositories';
import type { TaskInput } from './chain-input.js';

/** A task that will wait for the owner of a party, as far as the server knows. */
export interface ExpectedApproval {
  readonly task_id: string;
  readonly party: string;
  readonly reasons: readonly string[];
}

interface NamedDataset {
  readonly task: TaskInput;
  readonly party: string;
  readonly reference: string;
  readonly name: string;
}

/**
 * What owners have said of the datasets that tasks name, before anything is created: datasets that do not exist and uses that a
 * policy refuses are faults. It is advice, from what the server stores: each party's process judges again, by signatures.
 */
export async function readOwnersWords(
  db: Queryable,
  tasks: readonly TaskInput[],
  { proposer, purpose }: Pick<UseRequest, 'proposer' | 'purpose'>,
): Promise<{ readonly faults: readonly InputFault[]; readonly approvals: readonly ExpectedApproval[] }> {
  const named = tasks.flatMap(datasetsOf);
  if (named.length === 0) return { faults: [], approvals: [] };
  const subjects = named.flatMap(({ party, reference, name }) => [reference, `policy:${party}/${name}`]);
  const bodies = (await statementsOfSubjects(db, [...new Set(subjects)])).map(({ body }) => body as Statement);
  const datasets = new Map(
    bodies
      .filter((body): body is DatasetStatement => body.kind === 'dataset' && body.removed !== true)
      .map((each) => [subjectOf(each), each] as const),
  );
  const policies = bodies.filter((body): body is PolicyStatement => body.kind === 'policy');
  const faults: InputFault[] = [];
  const approvals: ExpectedApproval[] = [];
  for (const { task, party, reference } of named) {
    const at = pointer('tasks', task.position, 'task_params');
    const label = `Task ${quoted(task.taskId)}: `;
    const dataset = datasets.get(reference);
    if (dataset === undefined) {
      const message = `${label}${quoted(reference)} is not registered, or was removed. List datasets with "task-chain datasets ls --party ${party}".`;
      faults.push({ code: 'DATASET_UNKNOWN', pointer: at, message });
      continue;
    }
    const verdict = verdictOf(task, dataset, policies, { proposer, purpose });
    if (verdict.kind === 'refused' && proposer !== party) {
      faults.push({
        code: 'POLICY_REFUSED',
        pointer: at,
        message: `${label}the owner of ${party} refuses: ${verdict.words}`,
      });
    } else if (verdict.kind === 'ask') approvals.push({ task_id: task.taskId, party, reasons: verdict.reasons });
  }
  return { faults, approvals };
}

function datasetsOf(task: TaskInput): NamedDataset[] {
  return partiesOf(task.params).flatMap((party) => {
    const { inputs } = usesOf(task.params['task_config'], party, task.taskType);
    return inputs.flatMap((reference) => {
      const ref = parseDatasetRef(reference);
      return ref?.party === party ? [{ task, party, reference, name: ref.name }] : [];
    });
  });
}

/** By the policies alone: how often a dataset was used is known to its party. */
function verdictOf(
  { taskType, params }: TaskInput,
  { party, name, rows, purposes }: DatasetStatement,
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
      ...by,
      config: params['task_config'],
      task: '',
      use: '',
      asWritten: true,
      datasets: [name],
      rows: { [name]: rows },
      purposes: purposes === undefined ? {} : { [name]: purposes },
      readsPlainFiles: false,
    },
    { policies: policies.filter((each) => each.party === party), approvals: [], ledger: [] },
    new Date().toISOString(),
  );
}
