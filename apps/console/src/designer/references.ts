import { ancestorsOf, isFields, taskOf, type Draft, type DraftTask, type Fields } from './draft.js';
import RESULTS from './result-members.json' with { type: 'json' };

/** By task type: paths into its result. `.*` stands for each party of the task. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = RESULTS;

/** What a text may go on with where it has an open `${`, `itself` where the task has ended by then; empty where it has none. */
export function completions(draft: Draft, task: DraftTask, text: string, itself = false): string[] {
  return goingOn(text, () => [
    ...resultsOf(draft, [...(itself ? [task.task_id] : []), ...ancestorsOf(draft, task.task_id)]),
    ...propertiesOf(draft['params']).map((name) => `\${params.${name}}`),
  ]);
}

/** The same for an output of the chain, which is a result of any of its tasks: all of them where nothing is written yet. */
export const outputCompletions = (draft: Draft, text: string): string[] =>
  goingOn(text === '' ? '${' : text, () =>
    resultsOf(
      draft,
      draft.tasks.map(({ task_id }) => task_id),
    ),
  );

const resultsOf = (draft: Draft, ids: readonly string[]): string[] =>
  ids.flatMap((id) => [
    `\${tasks.${id}.result.`,
    ...membersOf(draft, id).map((member) => `\${tasks.${id}.result.${member}}`),
  ]);

function goingOn(text: string, offered: () => readonly string[]): string[] {
  const at = text.lastIndexOf('${');
  if (at < 0 || text.includes('}', at)) return [];
  const all = offered();
  const begun = text.slice(at);
  return all.filter((each) => each.startsWith(begun) && each !== begun).map((each) => text.slice(0, at) + each);
}

/** What a condition (CEL) has at its end that may be a name: an identifier with its members. */
const NAME = /(?<![\w.\])])[A-Za-z_]\w*(?:\.\w*|\["[^"]*"\])*(?:\["[^"]*"?)?$/;
const MACROS = ['has(', 'size(', 'int(', 'string(', 'double('];

/** What a condition may go on with: `itself` where it is asked after the task has ended. Within a text nothing is offered. */
export function conditions(draft: Draft, task: DraftTask, text: string, itself: boolean): string[] {
  const begun = NAME.exec(text)?.[0] ?? '';
  const before = text.slice(0, text.length - begun.length);
  if (begun === '' && !/(^|[(!&|=<>+\-*/%,?:[]|\bin)\s*$/.test(before)) return [];
  // What is left of a quote begins a text.
  if (/["']/.test(before.replaceAll(/\\./g, '').replaceAll(/"[^"]*"|'[^']*'/g, ''))) return [];
  const ids = [...(itself ? [task.task_id] : []), ...ancestorsOf(draft, task.task_id)];
  const all = [
    ...ids.flatMap((id) => {
      const name = /^[A-Za-z_]\w*$/.test(id) ? `tasks.${id}` : `tasks[${JSON.stringify(id)}]`;
      const members = membersOf(draft, id).map((member) => `${name}.result${inCel(member)}`);
      return [...members, `${name}.result`, `${name}.status`];
    }),
    ...Object.keys(task.task_params).map((name) => `params.${name}`),
    ...['chain.name', 'chain.type', 'chain.metadata'],
    ...MACROS,
  ];
  return all.filter((each) => each.startsWith(begun) && each !== begun).map((each) => before + each);
}

/** Members of a task's result, as its type has them, or as its parameters describe it: outputs of a chain, the payload of a signal, the answer to a question. */
function membersOf(draft: Draft, id: string): string[] {
  const task = taskOf(draft, id);
  const config = task?.task_params['task_config'];
  if (task === undefined || !isFields(config)) return [];
  const { chain, schema, form } = config;
  switch (task.task_type) {
    case 'chain':
      return isFields(chain) && isFields(chain['outputs']) ? Object.keys(chain['outputs']) : [];
    case 'signal':
      return propertiesOf(schema);
    case 'sign_off':
      return ['answer', ...propertiesOf(form).map((name) => `answer.${name}`), 'note', 'signed_by', 'signed_at'];
    case 'wait':
      return ['ended_at'];
    default:
      if (!Object.hasOwn(MEMBERS, task.task_type)) return [];
      return MEMBERS[task.task_type]!.flatMap((member) =>
        member.endsWith('.*') ? partiesOf(task).map((party) => member.slice(0, -1) + party) : member,
      );
  }
}

/** A path as CEL writes it: what is no identifier stands in brackets. */
const inCel = (path: string): string =>
  path
    .split('.')
    .map((part) => (/^[A-Za-z_]\w*$/.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`))
    .join('');

const propertiesOf = (schema: unknown): string[] =>
  isFields(schema) && isFields(schema['properties']) ? Object.keys(schema['properties'] as Fields) : [];
/** The parties of a task, as it names them. */
export function partiesOf({ task_params: params }: DraftTask): string[] {
  const init = params['sf_init_config'];
  const parties = isFields(init) ? init['parties'] : undefined;
  return Array.isArray(parties) ? parties.filter((each): each is string => typeof each === 'string') : [];
}

/** The datasets that a value names, at any depth. */
export function datasetsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('dataset:') ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((each) => datasetsIn(each));
  return isFields(value) ? Object.values(value).flatMap((each) => datasetsIn(each)) : [];
}
