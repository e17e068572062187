/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import '../i18n.js';
import type { DraftTask } from './draft.js';
import { patched } from './edits.js';
import { FlowFields } from './flow-fields.js';

afterEach(cleanup);

const HELP = { parties: [], datasets: [], complete: () => [], faultAt: () => undefined };
const CHAIN = {
  params: { properties: { start: { type: 'object' }, rows: { type: 'integer' } } },
  outputs: { weights: '${tasks.fit.result.weights}', loss: '${tasks.fit.result.loss}' },
};
const taskOf = (task_type: string, more: object): DraftTask => ({
  ...{ task_id: 'train', task_type, depends_on: [], task_params: {} },
  ...more,
});

function Form({ first }: { first: DraftTask }) {
  const [task, change] = useState(first);
  const { for_each, repeat, end_chain } = task;
  return (
    <QueryClientProvider client={new QueryClient()}>
      <output>{JSON.stringify({ for_each, repeat, end_chain })}</output>
      <FlowFields task={task} at="/tasks/0" edit={(patch) => change(patched(task, patch))} help={HELP} />
    </QueryClientProvider>
  );
}
const written = (): unknown => JSON.parse(screen.getByRole('status').textContent);
const part = (summary: string) => within(screen.getByText(summary).closest('details')!);

test('turns hand on what the chain that is written out gives, to what it takes', async () => {
  const user = userEvent.setup();
  const params = { task_params: { task_config: { chain: CHAIN } } };
  render(<Form first={taskOf('chain', { ...params, repeat: { until: 'true', max: 3 } })} />);
  const turns = part('Repeat it in turns');
  expect(turns.getByText(/the output of the last turn that it gets/)).toBeTruthy();
  await user.click(turns.getByLabelText('start'));
  await user.click(await screen.findByTitle('weights'));
  expect(written()).toEqual({ repeat: { until: 'true', max: 3, carry: { start: 'weights' } } });
  expect(screen.queryByTitle('start')).toBeNull();
});

test('what turns hand on is JSON where the chain is not known', () => {
  render(<Form first={taskOf('chain', { repeat: { until: 'true' } })} />);
  const turns = part('Repeat it in turns');
  fireEvent.change(turns.getByLabelText(/carry/), { target: { value: '{"start": "weights"' } });
  expect(turns.getByRole('alert').textContent).toContain('not JSON yet');
  expect(written()).toEqual({ repeat: { until: 'true' } });
  fireEvent.change(turns.getByLabelText(/carry/), { target: { value: '{"start": "weights"}' } });
  expect(written()).toEqual({ repeat: { until: 'true', carry: { start: 'weights' } } });
});

test('only what fits the type is offered, a list alone becomes whole, and what is emptied goes', () => {
  render(<Form first={taskOf('psi', { for_each: ['a', 'b'] })} />);
  expect(screen.queryByText('Repeat it in turns')).toBeNull();
  const each = part('For each item of a list');
  fireEvent.change(each.getByLabelText(/at_least/), { target: { value: '0.5' } });
  expect(written()).toEqual({ for_each: { items: ['a', 'b'], at_least: 0.5 } });
  const end = part('End the chain here');
  fireEvent.change(end.getByLabelText(/when/), { target: { value: 'true' } });
  expect(written()).toMatchObject({ end_chain: { when: 'true', status: 'SUCCESS' } });
  fireEvent.change(each.getByLabelText(/at_least/), { target: { value: '' } });
  fireEvent.change(each.getByLabelText(/^Items items/), { target: { value: '' } });
  expect(written()).toEqual({ end_chain: { when: 'true', status: 'SUCCESS' } });
});
