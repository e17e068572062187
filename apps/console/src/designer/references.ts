import { ancestorsOf, isFields, type Draft, type DraftTask } from './draft.js';

/** What a text may go on with where it has an open `${`; empty where it has none. */
export function completions(draft: Draft, task: DraftTask, text: string): string[] {
  const at = text.lastIndexOf('${');
  if (at < 0 || text.includes('}', at)) return [];
  const params = draft['params'];
  const names = isFields(params) && isFields(params['properties']) ? Object.keys(params['properties']) : [];
  const all = [
    ...ancestorsOf(draft, task.task_id).map((id) => `\${tasks.${id}.result.`),
    ...names.map((name) => `\${params.${name}}`),
  ];
  const begun = text.slice(at);
  return all.filter((each) => each.startsWith(begun) && each !== begun).map((each) => text.slice(0, at) + each);
}

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
