/** @jest-environment jsdom */
import { afterEach, expect, jest, test } from '@jest/globals';
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import '../i18n.js';
import { readDraft } from './draft.js';
import { OutputFields } from './output-fields.js';

afterEach(cleanup);

const TASKS = [{ task_id: 'pause', task_type: 'wait', task_params: { task_config: {} } }];

const sent = jest.fn<() => void>();

function Form({ first, faults = {} }: { first?: unknown; faults?: Readonly<Record<string, string>> }) {
  const [outputs, change] = useState(first);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        sent();
      }}
    >
      <output>{JSON.stringify(outputs ?? null)}</output>
      <OutputFields
        draft={readDraft({ chain_name: 'c', tasks: TASKS, outputs })}
        change={(next) => change(next)}
        faultAt={(pointer) => faults[pointer]}
        faultWithin={(pointer) =>
          faults[Object.keys(faults).find((each) => `${each}/`.startsWith(`${pointer}/`)) ?? '']
        }
      />
      <button type="submit">Send</button>
    </form>
  );
}
const written = (): unknown => JSON.parse(screen.getByRole('status').textContent);
const row = (name: string) => within(screen.getByRole('group', { name }));
const rename = (from: string, to: string) => {
  const name = row(from).getByRole('textbox', { name: 'Name' });
  fireEvent.change(name, { target: { value: to } });
  fireEvent.blur(name);
};

test('outputs are results by name, of any task; a name is that of one', async () => {
  const user = userEvent.setup();
  render(<Form />);
  await user.click(screen.getByRole('button', { name: 'Add an output' }));
  await user.click(row('output-1').getByRole('combobox', { name: 'Result' }));
  await user.click(await screen.findByTitle('${tasks.pause.result.ended_at}'));
  rename('output-1', 'at');
  expect(written()).toEqual({ at: '${tasks.pause.result.ended_at}' });
  await user.click(screen.getByRole('button', { name: 'Add an output' }));
  rename('output-2', 'at');
  screen.getByText('Another output has this name.');
  expect(written()).toEqual({ at: '${tasks.pause.result.ended_at}', 'output-2': '' });
  await user.click(screen.getByRole('button', { name: 'Remove at' }));
  await user.click(screen.getByRole('button', { name: 'Remove output-2' }));
  expect(written()).toBeNull();
});

test('a row keeps the focus while its name changes, and what is half typed stays in its row', async () => {
  const user = userEvent.setup();
  render(<Form first={{ a: 'x', b: 'y', c: 'z' }} />);
  const name = (of: string) => row(of).getByRole<HTMLInputElement>('textbox', { name: 'Name' });
  await user.type(name('b'), '1{Enter}');
  expect(document.activeElement).toBe(name('b1'));
  await user.type(name('b1'), '2');
  await user.tab();
  expect(document.activeElement).toBe(row('b12').getByRole('combobox', { name: 'Result' }));
  await user.clear(name('b12'));
  await user.type(name('b12'), 'a{Enter}');
  screen.getByText('Another output has this name.');
  await user.click(screen.getByRole('button', { name: 'Remove a' }));
  expect([name('b12').value, name('c').value]).toEqual(['b12', 'c']);
  expect(written()).toEqual({ b12: 'y', c: 'z' });
  // Enter in a name does not send the form around it.
  expect(sent).not.toHaveBeenCalled();
});

test('what is wrong stands at its output; hostile names are shown as they are', () => {
  const name = 'a/b~<b>\u202e';
  render(<Form first={{ ok: 'x', [name]: 'y' }} faults={{ [`/outputs/a~1b~0<b>\u202e`]: 'no reference' }} />);
  expect(row(String.raw`a/b~<b>\u202e`).getByRole('alert').textContent).toBe('no reference');
  expect(row('ok').queryByRole('alert')).toBeNull();
});

test('outputs that are no references stay as they are written', () => {
  render(<Form first={{ a: { b: 1 } }} />);
  expect(JSON.parse(screen.getByRole<HTMLTextAreaElement>('textbox').value)).toEqual({ a: { b: 1 } });
});
