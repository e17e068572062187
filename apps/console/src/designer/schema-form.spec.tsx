/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import '../i18n.js';
import { SchemaFields, type Help } from './schema-form.js';

afterEach(cleanup);

const RESULTS = ['${tasks.train.result.', '${params.start}'];
const HELP: Help = {
  parties: [],
  datasets: [],
  params: {},
  complete: (text) => (text.startsWith('${') ? RESULTS.filter((each) => each.startsWith(text)) : []),
  faultAt: (pointer) => (pointer === '/args/models' ? 'takes artifacts' : undefined),
};

function Form({ schema, first }: { schema: object; first?: unknown }) {
  const [value, change] = useState<unknown>(first);
  return (
    <>
      <output>{JSON.stringify(value)}</output>
      <SchemaFields schema={{ properties: schema }} value={value} change={change} pointer="/args" help={HELP} />
    </>
  );
}
const written = (): unknown => JSON.parse(screen.getByRole('status').textContent || 'null');

test('a parameter that takes artifacts offers all results at once, and takes several as JSON', async () => {
  const user = userEvent.setup();
  render(<Form schema={{ models: { type: 'object', 'x-artifact': true } }} />);
  expect(screen.getByText(/Takes artifacts out of a result/)).toBeTruthy();
  expect(screen.getByRole('alert').textContent).toBe('takes artifacts');
  const field = screen.getByLabelText('models');
  await user.click(field);
  await user.click(await screen.findByTitle(RESULTS[0]!));
  expect(written()).toEqual({ models: RESULTS[0] });
  fireEvent.change(field, { target: { value: '{"alice": "${tasks.train.result.models.alice}"}' } });
  expect(written()).toEqual({ models: { alice: '${tasks.train.result.models.alice}' } });
  // By party it is edited as JSON from here, and emptied it is a reference again.
  fireEvent.change(screen.getByLabelText('models'), { target: { value: '' } });
  expect(written()).toEqual({});
  fireEvent.change(screen.getByLabelText('models'), { target: { value: '7' } });
  expect(written()).toEqual({ models: '7' });
});

test('a number is one where it is written as one, and a choice keeps its type', async () => {
  const user = userEvent.setup();
  render(<Form schema={{ rounds: { type: 'integer' }, size: { enum: [8, 16] } }} first={{ other: 1 }} />);
  fireEvent.change(screen.getByLabelText('rounds'), { target: { value: '${params.n}' } });
  expect(written()).toEqual({ other: 1, rounds: '${params.n}' });
  fireEvent.change(screen.getByLabelText('rounds'), { target: { value: '12' } });
  await user.click(screen.getByLabelText('size'));
  await user.click(await screen.findByTitle('16'));
  expect(written()).toEqual({ other: 1, rounds: 12, size: 16 });
});
