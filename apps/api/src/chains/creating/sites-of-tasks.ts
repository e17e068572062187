import { type InputFault, pointer, quoted } from '#libs/chain-domain';
import { atSites, checkTaskParams, couldBeAtSites, dealerOf, isAtSites } from '#libs/compute';
import { partiesOf } from '#libs/consent';
import { joinedSites, type Queryable } from '#libs/repositories';
import type { ChainInput, TaskInput } from './chain-reading.js';

export type Sites = Awaited<ReturnType<typeof joinedSites>>;
/** What the control plane would have to tell a site, which takes neither secrets nor what single parties have. */
const NOT_AT_SITES = /\$\{(secrets\.|tasks\.[^}]*\.party_results\.)/;

type Parameters = Pick<TaskInput, 'taskType' | 'params'>;

/** The sites that ever joined, where a task of the chain or of those within it could run at some. */
export async function sitesFor(db: Queryable, chain: ChainInput): Promise<Sites> {
  const all = tasksOf(chain).flatMap((task) => (task.compensateWith ? [task, task.compensateWith] : [task]));
  const isAsked = all.some(({ taskType, params }) => isAtSites(params) || couldBeAtSites(taskType, params));
  return isAsked ? joinedSites(db) : [];
}

/**
 * The chain, and those within it, with `address: "node"` for each task that says no address and whose parties all have a site: what an owner signs
 * says where the task runs. A site counts here also where its certificate has ended, or it was revoked: no task goes to a worker because of that.
 */
export const withSites = (chain: ChainInput, sites: Sites): ChainInput =>
  settled(chain, new Set(sites.filter(({ dealer }) => !dealer).map(({ party }) => party)));

const tasksOf = ({ tasks, children }: ChainInput): readonly TaskInput[] => [
  ...tasks,
  ...[...children.values()].flatMap(({ input }) => tasksOf(input)),
];

function settled(chain: ChainInput, joined: ReadonlySet<string>): ChainInput {
  if (joined.size === 0) return chain;
  const settle = <Task extends Parameters>(task: Task): Task => {
    const parties = couldBeAtSites(task.taskType, task.params);
    if (!parties?.every((party) => joined.has(party)) || NOT_AT_SITES.test(JSON.stringify(task.params))) return task;
    return { ...task, params: atSites(task.params) };
  };
  const tasks = chain.tasks.map((task) => ({
    ...settle(task),
    ...(task.compensateWith && { compensateWith: settle(task.compensateWith) }),
  }));
  const children = [...chain.children].map(
    ([at, child]) => [at, { ...child, input: settled(child.input, joined) }] as const,
  );
  return { ...chain, tasks, children: new Map(children) };
}

/** What keeps tasks from running at their sites: one is missing, or the task was not written for sites, where it runs because all its parties have one. */
export function siteFaultsOf(tasks: readonly TaskInput[], sites: Sites): InputFault[] {
  const now = Date.now();
  const has = (name: string, dealer: boolean): boolean =>
    sites.some(
      (site) => site.party === name && site.dealer === dealer && !site.revoked_at && Date.parse(site.expires_at) > now,
    );
  const faultsOf = ({ taskId, position }: TaskInput, { taskType, params }: Parameters, ...place: string[]) => {
    const at = pointer('tasks', position, ...place, 'task_params');
    const label = `Task ${quoted(taskId)}: `;
    const missing = (field: string, name: string, what: string, option: string): InputFault => ({
      code: 'SITE_UNKNOWN',
      pointer: `${at}/sf_init_config/${field}`,
      message: `${label}no site of the ${what} ${quoted(name)} has joined, or it was revoked, or its certificate has ended. Invite it with "task-chain parties invite ${name}${option}", or set sf_init_config.address to "local": then all parties run at the worker.`,
    });
    const dealer = dealerOf(params);
    // One that says so itself has been checked.
    const unfit = checkTaskParams(taskType, params as never).map(({ code = 'INVALID_PARAMS', ...fault }) => ({
      code,
      pointer: at + fault.pointer,
      message: `${label}${fault.pointer.slice(1).replaceAll('/', '.') || 'task_params'} ${fault.message}. It runs at the sites of its parties, as all of them have joined; set sf_init_config.address to "local" to run it at a worker.`,
    }));
    return [
      ...unfit,
      ...partiesOf(params)
        .filter((party) => !has(party, false))
        .map((party) => missing('parties', party, 'party', '')),
      ...(dealer === undefined || has(dealer, true) ? [] : [missing('dealer', dealer, 'dealer', ' --dealer')]),
    ];
  };
  return tasks.flatMap((task) => [
    ...(isAtSites(task.params) ? faultsOf(task, task) : []),
    ...(task.compensateWith && isAtSites(task.compensateWith.params)
      ? faultsOf(task, task.compensateWith, 'compensate_with')
      : []),
  ]);
}
