import { expect, test } from '@jest/globals';
import { inputsOf, valueAt } from './input-references.js';

const TASKS = new Set(['psi', 'a.result', 'a']);
const found = (params: unknown) => inputsOf(params, TASKS).map(({ pointer, kind }) => [pointer, kind]);

test('all that the strings of parameters name is found, each with its place', () => {
  const params = {
    sf_init_config: { parties: ['alice'] },
    task_config: {
      input_data: { alice: 'dataset:alice/patients@2', 'b/c': 'artifact:chain-1/psi/bob/out.csv' },
      words: ['rows: ${tasks.psi.result.rows} of ${tasks.psi.result}', '$${tasks.psi.result.rows}', '${'],
      key: '${secrets.token}',
      own: '${tasks.psi.party_results.alice.rows}',
      none: '${tasks.other.result.rows}',
    },
  };
  expect(found(params)).toEqual([
    ['/task_config/input_data/alice', 'dataset'],
    ['/task_config/input_data/b~1c', 'artifact'],
    ['/task_config/words/0', 'result'],
    ['/task_config/words/0', 'result'],
    ['/task_config/key', 'secret'],
    ['/task_config/own', 'partyResult'],
  ]);
});

test('a task whose id holds the word that ends ids is not taken for another', () => {
  const [longer, shorter] = inputsOf(['${tasks.a.result.result.x}', '${tasks.a.result.x}'], TASKS);
  expect(longer).toMatchObject({ taskId: 'a.result', path: '.x' });
  expect(shorter).toMatchObject({ taskId: 'a', path: '.x' });
});

test.each([
  ['', { rows: [{ n: 7 }] }],
  ['.rows[0].n', 7],
  ['.rows.n', undefined],
  ['.rows[1].n', undefined],
  ['.constructor', undefined],
  ['[0]', undefined],
])('the path %j of a result leads to %j', (path, value) => {
  expect(valueAt({ rows: [{ n: 7 }] }, path)).toEqual(value);
});
