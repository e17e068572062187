/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import '../i18n.js';
import type { DraftTask } from './draft.js';
import { patched } from './edits.js';
import { FlowFields } from './flow-fields.js';

afterEach(cleanup);

const HELP = { parties: [], datasets: [], complete: () => [] };
const CHAIN = {
  params: { properties: { start: { type: 'object' }, rows: { type: 'integer' } } },
  outputs: { weights: '${tasks.fit.result.weights}', loss: '${tasks.fit.result.loss}' },
};
const taskOf = (task_type: string, more: object): DraftTask => ({
  ...{ task_id: 'train', task_type, depends_on: [], task_params: {} },
  ...more,
});

function Form({ first, faults = {} }: { first: DraftTask; faults?: Readonly<Record<string, string>> }) {
  const help = { ...HELP, faultAt: (pointer: string) => faults[pointer] };
  const [task, change] = useState(first);
  const { for_each, repeat, end_chain } = task;
  return (
    <QueryClientProvider client={new QueryClient()}>
      <output>{JSON.stringify({ for_each, repeat, end_chain })}</output>
      <FlowFields task={task} at="/tasks/0" edit={(patch) => change(patched(task, patch))} help={help} />
    </QueryClientProvider>
  );
}
const written = (): unknown => JSON.parse(screen.getByRole('status').textContent);
/** A section of the form, opened. */
const part = async (summary: string) => {
  const section = screen.getByText(summary).closest('details')!;
  if (!section.open) fireEvent.click(screen.getByText(summary));
  await waitFor(() => expect(section.children.length).toBeGreaterThan(1));
  return within(section);
};

test('turns hand on what the chain that is written out gives, to what it takes', async () => {
  const user = userEvent.setup();
  const params = { task_params: { task_config: { chain: CHAIN } } };
  render(<Form first={taskOf('chain', { ...params, repeat: { until: 'true', max: 3 } })} />);
  const turns = await part('Repeat it in turns');
  expect(turns.getByText(/the output of the last turn that it gets/)).toBeTruthy();
  await user.click(turns.getByLabelText('start'));
  await user.click(await screen.findByTitle('weights'));
  expect(written()).toEqual({ repeat: { until: 'true', max: 3, carry: { start: 'weights' } } });
  expect(screen.queryByTitle('start')).toBeNull();
});

test('what turns hand on is written by name where the chain is not known', async () => {
  render(<Form first={taskOf('chain', { repeat: { until: 'true' } })} />);
  const turns = await part('Repeat it in turns');
  fireEvent.click(turns.getByText('Add one'));
  rename(turns, 'start');
  fireEvent.change(turns.getByLabelText('Value'), { target: { value: 'weights' } });
  expect(written()).toEqual({ repeat: { until: 'true', carry: { start: 'weights' } } });
  fireEvent.click(turns.getByLabelText('Remove: start'));
  expect(written()).toEqual({ repeat: { until: 'true' } });
});

const rename = (of: typeof screen | ReturnType<typeof within>, to: string) => {
  const name = of.getByLabelText('Name');
  fireEvent.change(name, { target: { value: to } });
  fireEvent.blur(name);
};

test('only what fits the type is offered, a list alone becomes whole, and what is emptied goes', async () => {
  render(<Form first={taskOf('psi', { for_each: '${params.list}' })} />);
  expect(screen.queryByText('Repeat it in turns')).toBeNull();
  const each = await part('For each item of a list');
  fireEvent.change(each.getByLabelText(/at_least/), { target: { value: '0.5' } });
  expect(written()).toEqual({ for_each: { items: '${params.list}', at_least: 0.5 } });
  const end = await part('End the chain here');
  fireEvent.change(end.getByLabelText(/when/), { target: { value: 'true' } });
  expect(written()).toMatchObject({ end_chain: { when: 'true', status: 'SUCCESS' } });
  fireEvent.change(each.getByLabelText(/at_least/), { target: { value: '' } });
  fireEvent.change(each.getByLabelText(/^Items items/), { target: { value: '' } });
  expect(written()).toEqual({ end_chain: { when: 'true', status: 'SUCCESS' } });
});

test('a section stays open while its only value is emptied and written anew', async () => {
  const user = userEvent.setup();
  render(<Form first={taskOf('psi', { for_each: { batch: 5 } })} />);
  const each = await part('For each item of a list');
  const batch = each.getByLabelText(/ batch$/);
  await user.type(batch, '{Backspace}');
  expect(written()).toEqual({});
  expect(batch.closest('details')!.open).toBe(true);
  await user.keyboard('7');
  expect(written()).toEqual({ for_each: { batch: 7 } });
});

test('a list is written out item by item, in an order, with fields, and given back whole', async () => {
  render(<Form first={taskOf('psi', {})} />);
  const each = await part('For each item of a list');
  const items = () => (written() as { for_each?: { items: unknown } }).for_each?.items;
  const item = (number: number) => within(each.getAllByRole('group', { name: `Item ${number}` })[0]!);
  fireEvent.click(each.getByLabelText('Written out'));
  fireEvent.change(each.getByLabelText('Item 1', { selector: 'input' }), { target: { value: 'north' } });
  fireEvent.click(each.getByText('Add one'));
  expect(document.activeElement).toBe(each.getByLabelText('Item 2', { selector: 'input' }));
  fireEvent.change(document.activeElement!, { target: { value: '7' } });
  expect(items()).toEqual(['north', 7]);
  fireEvent.click(each.getByLabelText('Move up: Item 2'));
  expect(items()).toEqual([7, 'north']);
  expect(document.activeElement).toBe(each.getByLabelText('Move down: Item 1'));
  const fields = each.getByLabelText('Fields of each item');
  fireEvent.change(fields, { target: { value: 'name,file,' } });
  expect(items()).toEqual([
    { name: 7, file: '' },
    { name: 'north', file: '' },
  ]);
  fireEvent.change(item(2).getByLabelText('file'), { target: { value: 'n.csv' } });
  fireEvent.click(each.getByLabelText('Remove: Item 1'));
  expect(items()).toEqual([{ name: 'north', file: 'n.csv' }]);
  expect(document.activeElement).toBe(each.getByText('Add one').closest('button'));
  fireEvent.click(each.getByLabelText('Remove: Item 1'));
  expect(items()).toEqual([]);
  fireEvent.click(each.getByLabelText('A reference'));
  expect(written()).toEqual({});
});

test('what is wrong with an item stands there, however short the list is written', async () => {
  const faults = { '/tasks/0/for_each/1': 'too long' };
  render(<Form first={taskOf('psi', { for_each: ['a', 'b'] })} faults={faults} />);
  const each = await part('For each item of a list');
  expect(within(each.getByRole('group', { name: 'Item 2' })).getByRole('alert').textContent).toBe('too long');
});

test('a list that is typed as JSON is written out, and items that are more than a value stay as they are', async () => {
  render(<Form first={taskOf('psi', { for_each: '${' })} />);
  const each = await part('For each item of a list');
  fireEvent.change(each.getByLabelText(/^Items items/), { target: { value: '["a", {"b": [1]}]' } });
  expect(written()).toEqual({ for_each: { items: ['a', { b: [1] }] } });
  expect(document.activeElement).toBe(each.getByLabelText('Item 1', { selector: 'input' }));
  expect(JSON.parse(each.getByLabelText<HTMLTextAreaElement>('Item 2', { selector: 'textarea' }).value)).toEqual({
    b: [1],
  });
});
