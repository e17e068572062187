import { isObject, type JsonValue } from '#libs/chain-domain';
import { AUTO, autoProtocol } from '#libs/compute';
import { type DatasetStatement, parseDatasetRef } from '#libs/consent';
import { statementsOfSubjects, type Queryable } from '#libs/repositories';
import type { ChainInput, TaskInput } from './chain-reading.js';

type Rows = ReadonlyMap<string, number>;

/**
 * The chain, and those within it, with a protocol in place of each `AUTO`: what an owner signs names the protocol. It follows from the registered numbers of rows
 * that the author may read.
 */
export async function withProtocols(
  db: Queryable,
  chain: ChainInput,
  author: { readonly party: string | null; readonly isAdmin: boolean },
): Promise<ChainInput> {
  const open = tasksOf(chain).flatMap(withUndo).filter(isOpen);
  if (open.length === 0) return chain;
  const subjects = [...new Set(open.flatMap(inputsOf))].filter((each) => parseDatasetRef(each) !== undefined);
  const stored = subjects.length === 0 ? [] : await statementsOfSubjects(db, subjects);
  const shown = stored.filter(({ body }) => {
    const { party, show_rows: isShown, removed } = body as DatasetStatement;
    return removed !== true && (isShown === true || author.isAdmin || author.party === party);
  });
  return settled(chain, new Map(shown.map(({ subject, body }) => [subject, (body as DatasetStatement).rows])));
}

/** What has parameters of a task. */
type Parameters = Pick<TaskInput, 'params'>;

const withUndo = (task: TaskInput): Parameters[] => (task.compensateWith ? [task, task.compensateWith] : [task]);

const tasksOf = ({ tasks, children }: ChainInput): readonly TaskInput[] => [
  ...tasks,
  ...[...children.values()].flatMap(({ input }) => tasksOf(input)),
];

const configOf = ({ params }: Parameters): { readonly [key: string]: JsonValue } | undefined =>
  isObject(params['task_config']) ? (params['task_config'] as { readonly [key: string]: JsonValue }) : undefined;

const isOpen = (task: Parameters): boolean =>
  task.params['engine'] === 'secretflow' && configOf(task)?.['protocol'] === AUTO;

function inputsOf(task: Parameters): string[] {
  const inputs = configOf(task)?.['input_paths'];
  return isObject(inputs) ? Object.values(inputs).filter((each) => typeof each === 'string') : [];
}

function settled(chain: ChainInput, rows: Rows): ChainInput {
  const settle = <Task extends Parameters>(task: Task): Task => {
    if (!isOpen(task)) return task;
    const known = inputsOf(task).map((each) => rows.get(each));
    const protocol = autoProtocol(known.includes(undefined) ? undefined : (known as number[]));
    return { ...task, params: { ...task.params, task_config: { ...configOf(task), protocol } } };
  };
  const tasks = chain.tasks.map((task) => ({
    ...settle(task),
    ...(task.compensateWith && { compensateWith: settle(task.compensateWith) }),
  }));
  const children = [...chain.children].map(
    ([at, child]) => [at, { ...child, input: settled(child.input, rows) }] as const,
  );
  return { ...chain, tasks, children: new Map(children) };
}
