import { expect, test } from '@jest/globals';
import { MOST_TASKS, nameOf, NoChain, readDraft, type Draft } from './draft.js';
import { addTask, paste, removeTasks, renameTask, setParams } from './edits.js';

const task = (task_id: string, more: object = {}) => ({ task_id, task_type: 'x', ...more });
const draftOf = (...tasks: object[]): Draft => readDraft({ chain_name: 'c', tasks });
const parentsOf = ({ tasks }: Draft) => tasks.map(({ depends_on }) => depends_on);

test('a chain takes no more tasks than can be read again', () => {
  const all = Array.from({ length: MOST_TASKS - 1 }, (_, at) => task(`t${at}`));
  const [full] = addTask(draftOf(...all), 'x', {});
  expect(readDraft(full).tasks).toHaveLength(MOST_TASKS);
  expect(() => addTask(full, 'x', {})).toThrow(new NoChain('many'));
  expect(() => paste(draftOf(...all), full.tasks.slice(0, 2))).toThrow(new NoChain('many'));
  expect(paste(draftOf(...all), full.tasks.slice(0, 1))[0].tasks).toHaveLength(MOST_TASKS);
});

const INNER = {
  outputs: { n: '${tasks.psi.result.n}' },
  tasks: [task('psi'), task('b', { when: 'tasks.psi.status == "SUCCESS"' })],
};
/** What runs a chain, with a value of a task around it. */
const runs = (name: string) => ({
  task_type: 'chain',
  task_params: {
    task_config: { chain: INNER, args: { n: `\${tasks.${name}.result.n}` } },
    more: [`\${tasks.${name}.result}`],
  },
});

test('a chain that is written out in a task keeps its names where one of those around it gets another', () => {
  const draft = draftOf(task('psi'), { ...task('sub', { compensate_with: runs('psi') }), ...runs('psi') });
  expect(renameTask(draft, 'psi', 'fit')?.tasks[1]).toMatchObject({ ...runs('fit'), compensate_with: runs('fit') });
  const [{ tasks }] = paste(draft, draft.tasks);
  expect(tasks[3]).toMatchObject({ ...runs('psi-2'), compensate_with: runs('psi-2') });
  // What is called so in the parameters of another type is no chain.
  const config = { chain: '${tasks.psi.result}' };
  const plain = draftOf(task('psi'), task('b', { task_params: { task_config: config } }));
  expect(renameTask(plain, 'psi', 'fit')?.tasks[1]).toMatchObject({
    task_params: { task_config: { chain: '${tasks.fit.result}' } },
  });
});

test.each([
  ['${tasks.psi.party_results.alice.path}', '${tasks.fit-2.party_results.alice.path}'],
  ['${tasks.psi[0].result.n} of ${tasks.psi[a.b].result}', '${tasks.fit-2[0].result.n} of ${tasks.fit-2[a.b].result}'],
  ['tasks["psi[0]"].status == "SUCCESS"', 'tasks["fit-2[0]"].status == "SUCCESS"'],
  ['tasks.psi.result.n > 1', 'tasks["fit-2"].result.n > 1'],
  ['${tasks.psi-2.result} ${tasks.psi.results}', '${tasks.psi-2.result} ${tasks.psi.results}'],
])('with another id of its task %s is %s', (text, becomes) => {
  const draft = draftOf(task('psi'), task('b', { task_params: { text } }));
  expect(renameTask(draft, 'psi', 'fit-2')?.tasks[1]?.task_params).toEqual({ text: becomes });
});

test('a parameter with another name keeps its value and is referred to by it; one that is gone leaves none', () => {
  const of = (...names: string[]) => ({ properties: Object.fromEntries(names.map((name) => [name, {}])) });
  const work = (name: string) => ({
    task_type: 'x',
    task_params: { n: `\${params.${name}}`, all: [`$\${params.rows} \${params.${name}[0].n} \${params.rows2}`] },
  });
  // A chain that is written out has parameters of its own.
  const chain = { tasks: [task('c', work('rows'))] };
  const sub = (name: string) => ({
    task_type: 'chain',
    task_params: { task_config: { chain, args: { n: `\${params.${name}}` } } },
  });
  const draft: Draft = {
    ...draftOf({ ...task('a', work('rows')), compensate_with: work('rows') }, task('sub', sub('rows'))),
    ...{ params: of('rows', 'rows2'), args: { rows: 7, rows2: 8 } },
  };
  const next = setParams(draft, of('n', 'rows2'));
  expect(next['args']).toEqual({ n: 7, rows2: 8 });
  expect(next.tasks).toMatchObject([{ ...work('n'), compensate_with: work('n') }, sub('n')]);
  expect(setParams(next, of('rows2'))['args']).toEqual({ rows2: 8 });
  expect(setParams(next, undefined)).not.toHaveProperty('args');
});

test('what is no arm, and no name, stays as it is written', () => {
  const branch = [null, { when: 'true', then: [null, 'b'] }, 7];
  const draft = draftOf(task('a', { branch }), task('b'), task('c'));
  const branchOf = (of: Draft | undefined, at = 0) => of?.tasks[at]?.['branch'];
  expect(branchOf(renameTask(draft, 'b', 'd'))).toEqual([null, { when: 'true', then: [null, 'd'] }, 7]);
  expect(branchOf(removeTasks(draft, new Set(['b'])))).toEqual([null, { when: 'true', then: [null] }, 7]);
  expect(branchOf(paste(draft, draft.tasks)[0], 3)).toEqual([null, { when: 'true', then: [null, 'b-2'] }, 7]);
});

test('a task waits for the one before it only where it names nothing to wait for', () => {
  expect(parentsOf(draftOf(task('a'), task('b'), task('c', { callback_for: ['a'] })))).toEqual([[], ['a'], ['a']]);
  expect(parentsOf(draftOf(task('a'), task('b', { depends_on: [], callback_for: ['a'] })))).toEqual([[], ['a']]);
  expect(parentsOf(draftOf(task('a'), task('b', { depends_on: null })))).toEqual([[], []]);
});

test.each([
  ['A', 'A'],
  ['', 'a'],
  [2024, 'a'],
  [null, 'a'],
  [undefined, 'a'],
])('a task with the name %j is called %s', (task_name, called) => {
  expect(draftOf(task('a', { task_name })).tasks.map((each) => nameOf(each))).toEqual([called]);
});

test('an arm that loses its last task keeps its condition, and a copy has arms to copies alone', () => {
  const branch = [{ when: 'x > 1', then: ['b'] }, { else: ['c'] }];
  const draft = draftOf(task('a', { branch }), task('b'), task('c'));
  const branchOf = (of: Draft, at = 0) => of.tasks[at]?.['branch'];
  expect(branchOf(removeTasks(draft, new Set(['b'])))).toEqual([{ when: 'x > 1', then: [] }, { else: ['c'] }]);
  expect(branchOf(paste(draft, [draft.tasks[0]!, draft.tasks[2]!])[0], 3)).toEqual([
    { when: 'x > 1', then: [] },
    { else: ['c-2'] },
  ]);
  expect(branchOf(paste(draft, [draft.tasks[0]!])[0], 3)).toBeUndefined();
});
