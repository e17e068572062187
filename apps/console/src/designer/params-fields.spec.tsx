/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { useState } from 'react';
import '../i18n.js';
import { ParamsFields } from './params-fields.js';

afterEach(cleanup);

const FAULTS: Readonly<Record<string, string>> = {
  '/params/properties/a~1b': 'no name',
  '/params/properties/a~1b/minimum': 'too small',
};

function Form({ first }: { first?: unknown }) {
  const [params, change] = useState(first);
  return (
    <>
      <output>{JSON.stringify(params ?? null)}</output>
      <span id="all">all</span>
      <ParamsFields
        label="all"
        schema={params}
        change={change}
        pointer="/params"
        faultAt={(pointer) => FAULTS[pointer]}
        faultWithin={() => undefined}
      />
    </>
  );
}
const written = (): unknown => JSON.parse(screen.getByRole('status').textContent);
const row = (name: string) => within(screen.getByRole('group', { name }));
const type = async (of: ReturnType<typeof within>, kind: string, at = 0) => {
  fireEvent.mouseDown(of.getAllByLabelText('Type')[at]!);
  fireEvent.click((await screen.findAllByTitle(kind)).at(-1)!);
};
const rename = (from: string, to: string) => {
  fireEvent.change(row(from).getByLabelText('Name'), { target: { value: to } });
  fireEvent.blur(row(from).getByLabelText('Name'));
};
const choose = async (field: HTMLElement, option: string) => {
  fireEvent.mouseDown(field);
  fireEvent.click((await screen.findAllByTitle(option)).at(-1)!);
};

test('a parameter has a name, a type, a default of it and limits; with another type they are gone', async () => {
  render(<Form />);
  fireEvent.click(screen.getByText('Add a parameter'));
  rename('param-1', 'rows');
  await type(row('rows'), 'whole number');
  fireEvent.change(row('rows').getByLabelText(/ default$/), { target: { value: '5' } });
  fireEvent.change(row('rows').getByLabelText(/ minimum$/), { target: { value: '1' } });
  fireEvent.change(row('rows').getByLabelText(/ title$/), { target: { value: 'Rows' } });
  await choose(row('rows').getByLabelText(/ required$/), 'true');
  const rows = { type: 'integer', default: 5, minimum: 1, title: 'Rows' };
  expect(written()).toEqual({ type: 'object', properties: { rows }, required: ['rows'] });
  // It is needed by its new name as well.
  rename('rows', 'n');
  expect(written()).toEqual({ type: 'object', properties: { n: rows }, required: ['n'] });
  await type(row('n'), 'text');
  expect(written()).toEqual({ type: 'object', properties: { n: { title: 'Rows', type: 'string' } }, required: ['n'] });
  await choose(row('n').getByLabelText('Takes'), 'a secret');
  expect(written()).toMatchObject({ properties: { n: { 'x-secret': true } } });
  expect(row('n').queryByLabelText(/ default$/)).toBeNull();
  fireEvent.click(screen.getByLabelText('Remove: n'));
  expect(written()).toBeNull();
});

test('a list says of what, and an object has fields; what a form has not stays as it is written', async () => {
  const odd = { type: ['string', 'null'], default: null };
  render(
    <Form first={{ type: 'object', title: 'kept', properties: { odd, list: { type: 'array', examples: [[1]] } } }} />,
  );
  const json = () => row('odd').getByLabelText<HTMLTextAreaElement>('Value');
  expect(JSON.parse(json().value)).toEqual(odd);
  // One that is emptied is still a parameter.
  fireEvent.focus(json());
  fireEvent.change(json(), { target: { value: '' } });
  expect(written()).toMatchObject({ properties: { odd: {} } });
  fireEvent.change(json(), { target: { value: JSON.stringify(odd) } });
  await type(row('list'), 'fields', 1);
  const items = row('list');
  fireEvent.click(items.getByText('Add a parameter'));
  expect(written()).toEqual({
    ...{ type: 'object', title: 'kept' },
    properties: {
      odd,
      list: {
        type: 'array',
        examples: [[1]],
        items: { type: 'object', properties: { 'param-1': { type: 'string' } } },
      },
    },
  });
});

test('what takes artifacts keeps its default, and what is said of the parameters stays without one', async () => {
  render(<Form first={{ type: 'object', title: 'All', properties: { start: { type: 'object', default: {} } } }} />);
  await choose(row('start').getByLabelText('Takes'), 'artifacts');
  expect(written()).toMatchObject({ properties: { start: { default: {}, 'x-artifact': true } } });
  expect(row('start').getByLabelText(/ default$/)).toBeTruthy();
  fireEvent.click(screen.getByLabelText('Remove: start'));
  expect(written()).toEqual({ type: 'object', title: 'All' });
});

test('what is wrong stands at its parameter; hostile names are shown as they are', () => {
  render(<Form first={{ properties: { 'a/b': { type: 'number', minimum: -1 }, '<b>\u202e': {} } }} />);
  expect(
    row('a/b')
      .getAllByRole('alert')
      .map(({ textContent }) => textContent),
  ).toEqual(['no name', 'too small']);
  expect(row(String.raw`<b>\u202e`).queryByRole('alert')).toBeNull();
});
