import { describe, expect, test } from '@jest/globals';
import { readRules } from './read-rules.js';
import type { RulesFile } from './rule-types.js';

/** Reads this content as alice's file. */
function reading(content: unknown, sizeBytes?: number): Promise<RulesFile> {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  const file = { sizeBytes: sizeBytes ?? text.length, handle: { readFile: () => Promise.resolve(text) } };
  const openInput = () => Promise.resolve({ ...file, close: () => Promise.resolve() });
  return readRules({ party: 'alice', openInput } as never, 'artifact:c/t/alice/rules.json');
}
const whyRefused = async (content: unknown, sizeBytes?: number): Promise<string> => {
  const failure = await reading(content, sizeBytes).then(
    () => undefined,
    (error: { code: string; message: string; retryable: boolean }) => error,
  );
  expect(failure).toMatchObject({ code: 'RULES_INCOMPATIBLE', retryable: false });
  return failure!.message;
};

const number = { column: 'x', kind: 'number' };
const category = { column: 'x', kind: 'category' };
const any = { column: 'x', kind: 'any' };
const scale = { ...number, shift: 1.5, factor: 2, offset: -1 };
const woe = { ...number, edges: [1, 2], woe: [0.1, -0.2, 0.3], missing: null };
const woeOfCategories = { ...category, categories: [['a'], ['b', 'c']], woe: [0.1, 0.2], missing: 0.5 };
const VALID: Readonly<Record<string, object>> = {
  fillna: { ...any, fill: '3' },
  standard_scaler: scale,
  minmax_scaler: scale,
  label_encoder: { ...category, classes: ['a', 'b'] },
  onehot_encoder: { ...category, classes: ['a', 'b'], drop: 'first' },
  quantile_binning: { ...number, edges: [-1, 0, 2.5] },
  equal_width_binning: { ...number, edges: [] },
  woe_binning: woe,
  select_columns: any,
  drop_columns: any,
};

const fileOf = (steps: unknown, more: object = {}) => ({
  format: 'taskchain/rules/v1',
  party: 'alice',
  made_by: { task_type: 'preprocessing', chain_id: 'c', task_id: 't' },
  learnt_from: { table: 'dataset:alice/credit@1', datasets: ['credit@1'] },
  steps,
  ...more,
});
const withColumns = (op: string, ...columns: unknown[]) => fileOf([{ op, columns }]);

describe('a file of rules', () => {
  test.each(Object.entries(VALID))('of %s is read as it was written', async (op, rule) => {
    const file = withColumns(op, rule, { ...rule, column: 'y' });
    expect(await reading(file)).toEqual(file);
  });
  test('takes WOE of categories, no column at all, and a fill that is not known', async () => {
    for (const file of [
      withColumns('woe_binning', woeOfCategories),
      withColumns('woe_binning'),
      withColumns('fillna', { ...any, fill: null }),
    ])
      expect(await reading(file)).toEqual(file);
  });

  test('of an earlier release, another version or another kind is refused with what to do', async () => {
    expect(await whyRefused([{ op: 'fillna', rules: { a: '4' } }])).toMatch(/earlier release.*run the step.*anew/);
    expect(await whyRefused(fileOf([], { format: 'taskchain/rules/v2' }))).toMatch(/taskchain\/rules\/v1.*anew/);
    const model = { format: 'taskchain/vertical-regression/v2', party: 'alice', weights: [1] };
    for (const content of [model, { format: 7 }, {}, null, 7, 'rules', [1]])
      expect(await whyRefused(JSON.stringify(content))).toMatch(/is no rules.json of a step/);
  });

  test("of another party is refused, and says nothing of the other's table", async () => {
    const of = fileOf([{ op: 'fillna', columns: [{ ...any, column: 'salary', fill: '91000' }] }], { party: 'bob' });
    expect(await whyRefused(of)).not.toMatch(/bob|salary|91000/);
  });

  test.each<[string, unknown]>([
    ['no JSON', '{"format": "taskchain/rules/v1"'],
    ['an endless number', JSON.stringify(withColumns('standard_scaler', scale)).replace('1.5', '1e999')],
    ['deep lists', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['no steps', fileOf([])],
    ['too many steps', fileOf(Array(101).fill({ op: 'drop_columns', columns: [any] }))],
    ['steps that are none', fileOf({ op: 'fillna' })],
    ['a step that is null', fileOf([null])],
    ['another member', fileOf([{ op: 'drop_columns', columns: [any] }], { path: '/etc/passwd' })],
    ['a lineage without datasets', fileOf([{ op: 'drop_columns', columns: [] }], { learnt_from: { table: 't' } })],
    ['an unknown step', withColumns('eval', { ...any, code: 'process.exit()' })],
    ['a step named as a method', withColumns('constructor', any)],
    ['a step named as a prototype', withColumns('__proto__', any)],
    ['a step with another member', fileOf([{ op: 'drop_columns', columns: [any], code: '1' }])],
    ['columns that are no list', fileOf([{ op: 'drop_columns', columns: { 0: any, length: 1 } }])],
    ['a column twice', withColumns('standard_scaler', scale, scale)],
    ['a column without a name', withColumns('drop_columns', { ...any, column: '' })],
    ['a name that is a number', withColumns('drop_columns', { ...any, column: 7 })],
    ['a scale that is text', withColumns('standard_scaler', { ...scale, factor: '2' })],
    ['a scale that is null', withColumns('standard_scaler', { ...scale, shift: null })],
    ['a scale without its offset', withColumns('standard_scaler', { ...number, shift: 1, factor: 2 })],
    ['a scale of categories', withColumns('standard_scaler', { ...scale, kind: 'category' })],
    ['edges that fall', withColumns('quantile_binning', { ...number, edges: [2, 1] })],
    ['edges that are equal', withColumns('quantile_binning', { ...number, edges: [1, 1] })],
    ['a class twice', withColumns('label_encoder', { ...category, classes: ['a', 'a'] })],
    ['a class that is missing', withColumns('label_encoder', { ...category, classes: ['a', 'NA'] })],
    ['a class that is a number', withColumns('label_encoder', { ...category, classes: [1] })],
    [
      'a million columns of one',
      withColumns('onehot_encoder', {
        ...category,
        classes: Array.from({ length: 1001 }, (_, at) => `c${at}`),
        drop: 'none',
      }),
    ],
    ['another way to drop', withColumns('onehot_encoder', { ...category, classes: [], drop: 'last' })],
    ['a fill that is a number', withColumns('fillna', { ...any, fill: 3 })],
    ['too few WOE', withColumns('woe_binning', { ...woe, woe: [0.1, 0.2] })],
    ['too many WOE', withColumns('woe_binning', { ...woe, woe: [0.1, 0.2, 0.3, 0.4] })],
    ['WOE of edges and categories', withColumns('woe_binning', { ...woe, categories: [['a']] })],
    ['a category in two bins', withColumns('woe_binning', { ...woeOfCategories, categories: [['a'], ['a']] })],
    ['a bin of no category', withColumns('woe_binning', { ...woeOfCategories, categories: [['a'], []] })],
    ['WOE without that of missing', withColumns('woe_binning', { ...number, edges: [], woe: [1] })],
  ])('with %s is refused by its place alone', async (_, content) => {
    expect(await whyRefused(content)).toMatch(/is no (valid rules\.json|JSON|rules\.json)/);
  });

  test('that is larger than can be held is refused before it is read', async () => {
    expect(await whyRefused('', 64 * 1024 * 1024 + 1)).toMatch(/64 MiB/);
  });
});
