/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import '../i18n.js';
import { ConditionField } from './condition-field.js';
import type { Draft } from './draft.js';
import { completions, conditions } from './references.js';

afterEach(cleanup);

const task = (task_id: string, task_type: string, task_config: object, depends_on: readonly string[] = []) => ({
  ...{ task_id, task_type, depends_on },
  task_params: { task_config: { ...task_config } },
});
const form = { type: 'object', properties: { amount: { type: 'number' } } };
const DRAFT: Draft = {
  chain_name: 'c',
  params: { properties: { rows: { type: 'integer' } } },
  tasks: [
    task('psi', 'psi', {}),
    task('ask-first', 'sign_off', { form }, ['psi']),
    task('fit', 'chain', { chain: { outputs: { loss: '', weights: '' } } }, ['ask-first']),
    task('late', 'psi', {}),
  ],
};
const [, ask, fit] = DRAFT.tasks;
const offered = (text: string, itself = false) => conditions(DRAFT, fit!, text, itself);

test('a condition goes on with tasks before it, and with what is known of their results', () => {
  expect(offered('tasks.psi.s')).toEqual(['tasks.psi.status']);
  expect(offered('tasks["ask-first"].result.answer')).toEqual(['tasks["ask-first"].result.answer.amount']);
  expect(offered('1 < tasks.psi.result.n && pa')).toEqual(['1 < tasks.psi.result.n && params.task_config']);
  expect(offered('!has(tasks.ps')).toContain('!has(tasks.psi.result');
  expect(offered('').join()).not.toMatch(/late|tasks\.fit/);
  expect(offered('tasks.fit', true)).toEqual([
    ...['tasks.fit.result.loss', 'tasks.fit.result.weights', 'tasks.fit.result', 'tasks.fit.status'],
  ]);
});

test('both go on with what results of the type of a task have, by party where its parameters name them', () => {
  const parties = { sf_init_config: { parties: ['alice', 'bank-b'] } };
  const psi = { ...task('psi', 'psi', {}), task_params: { task_config: {}, ...parties } };
  const draft = { ...DRAFT, tasks: [psi, task('eval', 'biclassification_eval', {}, ['psi']), task('own', 'x', {})] };
  const after = task('after', 'report', {}, ['eval', 'own']);
  const all = { ...draft, tasks: [...draft.tasks, after] };
  expect(completions(all, after, '${tasks.psi.result.o')).toEqual([
    ...['${tasks.psi.result.output_paths.alice}', '${tasks.psi.result.output_paths.bank-b}'],
  ]);
  expect(completions(all, after, '${tasks.eval.result.metrics.a')).toEqual([
    ...['${tasks.eval.result.metrics.accuracy}', '${tasks.eval.result.metrics.auc}'],
  ]);
  expect(conditions(all, after, 'tasks.psi.result.output', false)).toEqual([
    ...['tasks.psi.result.output_paths.alice', 'tasks.psi.result.output_paths["bank-b"]'],
  ]);
  expect(completions(all, after, '${tasks.own.result.')).toEqual([]);
});

test('nothing is offered within a text, nor where an operator is due', () => {
  for (const text of ['tasks.psi.status == "tas', "'a' + 'ch", `"it's" + "ch`, 'tasks.psi.status ', '1', 'x].tas']) {
    expect([text, offered(text)]).toEqual([text, []]);
  }
  expect(offered(`"it's" + '"' == ch`)).toEqual([
    `"it's" + '"' == chain.name`,
    `"it's" + '"' == chain.type`,
    `"it's" + '"' == chain.metadata`,
  ]);
  expect(offered(String.raw`"\"" == ch`)).toContain(String.raw`"\"" == chain.name`);
});

test('a hostile condition is read', () => {
  // Where each bracket is tried in two ways, this never ends.
  expect(offered(`a${'["'.repeat(200)}""`)).toEqual([]);
  expect(offered('tasks["ask-first')).toContain('tasks["ask-first"].status');
  expect(offered('tasks["ask-first"')).toContain('tasks["ask-first"].status');
});

test('a reference goes on with results of tasks before it and with parameters', () => {
  expect(completions(DRAFT, ask!, 'rows: ${p')).toEqual(['rows: ${params.rows}']);
  expect(completions(DRAFT, ask!, '${tasks.psi.r')[0]).toBe('${tasks.psi.result.');
  const after = { ...DRAFT, tasks: [...DRAFT.tasks, task('end', 'psi', {}, ['fit'])] };
  expect(completions(after, after.tasks.at(-1)!, '${tasks.fit.result.w')).toEqual(['${tasks.fit.result.weights}']);
  expect(completions(DRAFT, ask!, '${params.rows} and')).toEqual([]);
});

function Field() {
  const [value, change] = useState('');
  return (
    <>
      <output>{value}</output>
      <label htmlFor="when">When</label>
      <ConditionField id="when" value={value} change={(next = '') => change(next)} complete={offered} isWrong={false} />
    </>
  );
}

test('by keyboard alone: what is offered is taken by arrow keys and Enter, and nothing by Enter alone', async () => {
  const user = userEvent.setup();
  render(<Field />);
  await user.tab();
  await user.keyboard('tasks.psi.st');
  await screen.findByTitle('tasks.psi.status');
  // Ant Design asks for the old numbers of keys.
  const press = (keyCode: number) => fireEvent.keyDown(screen.getByRole('combobox'), { keyCode });
  press(40);
  press(13);
  expect(screen.getByRole('status').textContent).toBe('tasks.psi.status');
  await user.keyboard(' == params.t');
  await screen.findByTitle(/task_config$/);
  press(13);
  expect(screen.getByRole('status').textContent).toBe('tasks.psi.status == params.t');
});
