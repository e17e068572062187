/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import '../i18n.js';
import { RetryFields } from './retry-fields.js';
import type { Help } from './help.js';
import { SchemaFields } from './schema-form.js';

afterEach(cleanup);

const RESULTS = ['${tasks.train.result.', '${params.start}'];
const HELP: Help = {
  parties: [],
  datasets: [],
  params: {},
  complete: (text) => (text.startsWith('${') ? RESULTS.filter((each) => each.startsWith(text)) : []),
  faultAt: (pointer) => (pointer === '/args/models' ? 'takes artifacts' : undefined),
};

interface FormProps {
  readonly schema: object;
  readonly first?: unknown;
  readonly faults?: Record<string, string>;
  readonly parties?: readonly string[];
}

function Form({ schema, first, faults, parties = [] }: FormProps) {
  const [value, change] = useState<unknown>(first);
  const help = { ...HELP, parties };
  return (
    <>
      <output>{JSON.stringify(value)}</output>
      <SchemaFields
        schema={{ properties: schema }}
        value={value}
        change={change}
        pointer="/args"
        help={faults ? { ...help, faultAt: (pointer) => faults[pointer] } : help}
      />
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

test.each([
  ['0.8', 0.8],
  ['-0.05', -0.05],
  ['1.50', 1.5],
  ['2e-3', 0.002],
  ['1e999', '1e999'],
])('%s can be typed, and stays as it was typed', async (text, number) => {
  const user = userEvent.setup();
  render(<Form schema={{ rate: { type: 'number' } }} />);
  const field = screen.getByLabelText<HTMLInputElement>('rate');
  await user.type(field, text);
  expect(written()).toEqual({ rate: number });
  expect(field.value).toBe(text);
});

test.each([
  ['NaN', 'NaN'],
  ['-Infinity', '-Infinity'],
  ['007', '007'],
  ['-7.5', -7.5],
])('what may be a number or a text is for %s %j', (text, value) => {
  render(<Form schema={{ size: { type: ['string', 'number'] } }} />);
  fireEvent.change(screen.getByLabelText('size'), { target: { value: text } });
  expect(written()).toEqual({ size: value });
});

test('a name may be that of what every object has', async () => {
  const user = userEvent.setup();
  const schema = {
    constructor: { type: 'string' },
    valueOf: {},
    toString: { type: 'array', items: { type: 'string' } },
    by: { type: 'object', 'x-per-party': true, additionalProperties: { type: 'integer' } },
  };
  render(<Form schema={schema} first={{ by: { me: 1 } }} parties={['constructor']} />);
  const [name, party] = screen.getAllByLabelText<HTMLInputElement>('constructor');
  expect([name!.value, party!.value]).toEqual(['', '']);
  await user.type(name!, 'a');
  await user.type(party!, '2');
  expect(written()).toEqual({ by: { me: 1, constructor: 2 }, constructor: 'a' });
});

test('values that may be of any kind are no switches', () => {
  const allowed = { type: 'array', items: { type: ['string', 'number', 'boolean'] } };
  render(<Form schema={{ allowed }} first={{ allowed: ['a', 1, true] }} />);
  expect(JSON.parse(screen.getByLabelText<HTMLTextAreaElement>('allowed').value)).toEqual(['a', 1, true]);
});

test('a field stays what it is while it has the focus, and is what its value needs once it is left', async () => {
  const user = userEvent.setup();
  const schema = { models: { 'x-artifact': true }, sizes: { type: 'array', items: { type: 'integer' } } };
  render(<Form schema={schema} first={{ sizes: [{ a: 1 }] }} />);
  const models = screen.getByLabelText('models');
  await user.type(models, '{{"a":"b"}');
  expect(written()).toMatchObject({ models: { a: 'b' } });
  expect(document.activeElement).toBe(models);
  await user.tab();
  expect(screen.getByLabelText('models').tagName).toBe('TEXTAREA');
  const size = screen.getByLabelText('Item 1', { selector: 'textarea' });
  await user.clear(size);
  await user.type(size, '7');
  expect(written()).toMatchObject({ sizes: [7] });
  expect(document.activeElement).toBe(size);
  await user.tab();
  expect(screen.getByLabelText('Item 1', { selector: 'input' })).toBeTruthy();
});

const STEPS = {
  steps: {
    type: 'array',
    items: {
      type: 'object',
      discriminator: { propertyName: 'op' },
      oneOf: [
        { title: 'Fill', properties: { op: { const: 'fillna' }, by: { type: 'string' }, size: { type: 'integer' } } },
        { title: 'Cut', properties: { op: { const: 'cut' }, by: { type: 'string' } } },
      ],
    },
  },
};

test('a reference in place of an object is shown as it is written', () => {
  const schema = {
    part: { type: 'object', properties: { a: { type: 'string' } } },
    step: STEPS.steps.items,
    by: { type: 'object', 'x-per-party': true, additionalProperties: { type: 'integer' } },
  };
  const first = { part: '${params.part}', step: '${params.step}', by: '${params.by}' };
  const { unmount } = render(<Form schema={schema} first={first} />);
  const shown = (name: string): unknown => JSON.parse(screen.getByLabelText<HTMLTextAreaElement>(name).value);
  expect(Object.keys(first).map(shown)).toEqual(Object.values(first));
  unmount();
  render(<Form schema={schema} first="${params.all}" />);
  expect(shown('As JSON')).toBe('${params.all}');
});

test('a list is written out, or a reference to one, which is typed key by key', async () => {
  const user = userEvent.setup();
  const schema = {
    list: { type: 'array', items: { type: 'integer' } },
    map: { type: 'object', additionalProperties: {} },
  };
  render(<Form schema={schema} first={{ map: '${params.start}' }} />);
  expect(screen.getByLabelText<HTMLInputElement>('map', { selector: 'input' }).value).toBe('${params.start}');
  fireEvent.click(screen.getAllByLabelText('A reference')[0]!);
  const list = screen.getByLabelText<HTMLInputElement>('list', { selector: 'input' });
  await user.type(list, 'x{Backspace}$');
  expect(document.activeElement).toBe(list);
  expect(written()).toEqual({ list: '$', map: '${params.start}' });
  fireEvent.click(screen.getAllByLabelText('Written out')[0]!);
  fireEvent.click(screen.getAllByText('Add one')[0]!);
  expect(written()).toEqual({ list: [''], map: '${params.start}' });
});

test('a list of steps is one of kinds with fields of their own, and says what is wrong where it is', async () => {
  render(<Form schema={STEPS} faults={{ '/args/steps/0': 'no such step', '/args/steps/0/by': 'no way' }} />);
  fireEvent.click(screen.getByText('Add one'));
  expect(written()).toEqual({ steps: [{}] });
  expect(screen.getAllByRole('alert').map(({ textContent }) => textContent)).toEqual(['no such step']);
  const kind = async (name: string) => {
    fireEvent.mouseDown(screen.getByLabelText('op'));
    fireEvent.click(await screen.findByTitle(name));
  };
  await kind('Fill · fillna');
  fireEvent.change(screen.getByLabelText('size'), { target: { value: '3' } });
  fireEvent.change(screen.getByLabelText('by'), { target: { value: 'mean' } });
  expect(written()).toEqual({ steps: [{ op: 'fillna', size: 3, by: 'mean' }] });
  expect(screen.getByText('no way')).toBeTruthy();
  await kind('Cut · cut');
  expect(written()).toEqual({ steps: [{ op: 'cut', by: 'mean' }] });
  fireEvent.click(screen.getByLabelText('Remove: Item 1'));
  expect(written()).toEqual({});
});

test('a text that a field has by default stands in it as it is, without quotes', () => {
  render(
    <Form schema={{ title: { type: 'string', default: 'of tonight' }, depth: { type: 'integer', default: 5 } }} />,
  );
  expect(screen.getByText('of tonight')).toBeTruthy();
  expect(screen.getByText('5')).toBeTruthy();
});

test('a map has names of its own, of which each is that of one value, and a list begins with its default', () => {
  const schema = {
    headers: { type: 'object', additionalProperties: { type: 'string' } },
    range: { type: 'array', items: { type: 'number' }, default: [0, 1] },
  };
  render(<Form schema={schema} first={{ headers: { accept: 'x' } }} />);
  const headers = within(screen.getByRole('group', { name: 'headers' }));
  fireEvent.click(headers.getByText('Add one'));
  const rename = (row: number, to: string) => {
    fireEvent.change(headers.getAllByLabelText('Name')[row]!, { target: { value: to } });
    fireEvent.blur(headers.getAllByLabelText('Name')[row]!);
  };
  rename(1, 'accept');
  expect(headers.getByText('Another one has this name.')).toBeTruthy();
  rename(1, 'from');
  fireEvent.change(headers.getAllByLabelText('Value')[1]!, { target: { value: 'me' } });
  expect(written()).toEqual({ headers: { accept: 'x', from: 'me' } });
  // A number stays in its row, which has the focus.
  rename(1, '2023');
  expect(headers.getAllByLabelText<HTMLInputElement>('Name').map(({ value }) => value)).toEqual(['accept', '2023']);
  rename(1, 'from');
  const range = within(screen.getByRole('group', { name: 'range' }));
  fireEvent.change(range.getByLabelText('Item 2', { selector: 'input' }), { target: { value: '9' } });
  expect(written()).toEqual({ headers: { accept: 'x', from: 'me' }, range: [0, 9] });
});

test('what is wrong stands at a name with characters of pointers', () => {
  const schema = { 'a/b~c': { type: 'object', properties: { n: { type: 'integer' } } } };
  render(<Form schema={schema} faults={{ '/args/a~1b~0c': 'odd', '/args/a~1b~0c/n': 'small' }} />);
  expect(screen.getAllByRole('alert').map(({ textContent }) => textContent)).toEqual(['small', 'odd']);
});

test('a list or map that is emptied is empty where it has a default or must be given, else there is none', () => {
  const list = { type: 'array', items: { type: 'number' } };
  const by = { type: 'object', default: { me: 1 }, additionalProperties: { type: 'integer' } };
  const schema = { range: { ...list, default: [1] }, least: { ...list, default: [2], minItems: 1 }, by, list };
  render(<Form schema={schema} first={{ range: [3], least: [4], list: [5] }} />);
  for (const name of ['range', 'least', 'list'])
    fireEvent.click(within(screen.getByRole('group', { name })).getByLabelText('Remove: Item 1'));
  fireEvent.change(screen.getByLabelText('me'), { target: { value: '' } });
  expect(written()).toEqual({ range: [], by: {} });
});

test('what is half typed as JSON is of one value, wherever that is moved', () => {
  const schema = { list: { type: 'array', items: { type: 'integer' } } };
  render(<Form schema={schema} first={{ list: [{ a: 1 }, { b: 2 }] }} />);
  const at = (row: number) => screen.getByLabelText<HTMLTextAreaElement>(`Item ${row}`, { selector: 'textarea' });
  fireEvent.change(at(1), { target: { value: '{"a":' } });
  expect(screen.getByText(/not JSON yet/)).toBeTruthy();
  fireEvent.click(screen.getByLabelText('Remove: Item 1'));
  expect(JSON.parse(at(1).value)).toEqual({ b: 2 });
  expect(screen.queryByText(/not JSON yet/)).toBeNull();
});

test('a retry policy shows what it inherits, and is made of what is set', async () => {
  function Policy() {
    const [policy, change] = useState<object | undefined>();
    return (
      <>
        <output>{JSON.stringify(policy)}</output>
        <RetryFields
          value={policy}
          inherited={{ delay_ms: 50 }}
          change={change}
          pointer="/retry_policy"
          faultAt={(pointer) => (pointer === '/retry_policy/delay_ms' ? 'too long' : undefined)}
        />
      </>
    );
  }
  render(<Policy />);
  fireEvent.click(screen.getByText('Retry policy'));
  const delay = await screen.findByLabelText(/ delay_ms$/);
  expect(screen.getByRole('alert').textContent).toBe('too long');
  expect(screen.getByText('50')).toBeTruthy();
  fireEvent.change(delay, { target: { value: '2000' } });
  fireEvent.change(screen.getByLabelText(/never_retry_on/), { target: { value: 'TIMEOUT_RUN,' } });
  expect(written()).toEqual({ delay_ms: 2000, never_retry_on: ['TIMEOUT_RUN'] });
});
