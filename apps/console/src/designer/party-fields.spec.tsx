/** @jest-environment jsdom */
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { api } from '../api.js';
import '../i18n.js';
import type { DraftTask } from './draft.js';
import { PartyFields } from './party-fields.js';

const { listNodes, listParties } = api;
afterEach(cleanup);
afterAll(() => {
  Object.assign(api, { listNodes, listParties });
});
beforeEach(() => {
  const nodes = [
    { party: 'bank-a', dealer: false, revoked_at: null },
    { party: 'bank-b', dealer: false, revoked_at: '2026-11-01T00:00:00Z' },
    { party: 'lab', dealer: true, revoked_at: null },
  ];
  const parties = ['bank-a', 'bank-b', '<b>\u202ec'].map((party) => ({ party }));
  Object.assign(api, { listNodes: async () => ({ items: nodes }), listParties: async () => ({ items: parties }) });
});

const AT = '/tasks/0/task_params/sf_init_config';
const FAULTS: Readonly<Record<string, string>> = {
  [`${AT}/parties/1`]: 'no site of bank-b',
  [`${AT}/address`]: 'no such place',
  [`${AT}/dealer`]: 'no dealer',
};

interface FormProps {
  readonly first?: unknown;
  readonly faults?: Readonly<Record<string, string>>;
  readonly engine?: string;
}

function Form({ first, faults = {}, engine }: FormProps) {
  const [init, change] = useState(first);
  const task_params = { sf_init_config: init, ...(engine !== undefined && { engine }) };
  const task: DraftTask = { task_id: 'a', task_type: 'psi', depends_on: [], task_params };
  return (
    <QueryClientProvider client={new QueryClient()}>
      <output>{JSON.stringify(init ?? null)}</output>
      <PartyFields
        {...{ task, at: AT, known: ['clinic'], change }}
        faultAt={(pointer) => faults[pointer]}
        faultWithin={(pointer) =>
          faults[Object.keys(faults).find((each) => `${each}/`.startsWith(`${pointer}/`)) ?? '']
        }
      />
    </QueryClientProvider>
  );
}
const written = (): unknown => JSON.parse(screen.getByRole('status').textContent);
const field = (label: RegExp) => screen.getByRole('combobox', { name: label });
const saidAt = (label: RegExp) =>
  within(field(label).closest<HTMLElement>('.field')!).queryByRole('alert')?.textContent;

test('parties are those that exist, with who has a site; where it runs is said in words; a dealer is one that joined', async () => {
  const user = userEvent.setup();
  render(<Form />);
  await user.click(field(/^Parties/));
  await user.click(await screen.findByText('bank-a · has a site'));
  // Its site was revoked.
  await user.click(screen.getByTitle('bank-b'));
  screen.getByText(String.raw`<b>\u202ec`);
  screen.getByText('clinic');
  await user.keyboard('{Escape}');
  expect(written()).toEqual({ parties: ['bank-a', 'bank-b'] });
  screen.getByText(/if all of them have one/);
  await user.click(field(/^Where it runs/));
  await user.click(await screen.findByTitle(/whose operator sees every table/));
  expect(written()).toEqual({ parties: ['bank-a', 'bank-b'], address: 'local' });
  // No dealer takes part at a worker.
  expect(screen.queryByLabelText('Dealer')).toBeNull();
  await user.click(field(/^Where it runs/));
  await user.click(await screen.findByTitle('At the sites of its parties'));
  await user.click(field(/^Dealer/));
  await user.click(await screen.findByTitle('lab'));
  expect(written()).toEqual({ parties: ['bank-a', 'bank-b'], address: 'node', dealer: 'lab' });
});

test('a task at sites on secretflow is offered no dealer: one that is written stays in sight, with what is wrong', async () => {
  const user = userEvent.setup();
  const parties = ['bank-a', 'bank-b'];
  const { unmount } = render(<Form engine="secretflow" first={{ parties, address: 'node' }} />);
  await user.click(field(/^Parties/));
  await screen.findByText('bank-a · has a site');
  expect(screen.queryByLabelText('Dealer')).toBeNull();
  unmount();
  render(<Form engine="secretflow" first={{ parties, address: 'node', dealer: 'lab' }} faults={FAULTS} />);
  expect(saidAt(/^Dealer/)).toBe('no dealer');
});

test('what is wrong stands at its field', async () => {
  render(
    <Form first={{ parties: ['bank-a', 'bank-b'], address: 'ray://x', dealer: 'gone', other: 1 }} faults={FAULTS} />,
  );
  expect([/^Parties/, /^Where/, /^Dealer/].map(saidAt)).toEqual(['no site of bank-b', 'no such place', 'no dealer']);
  // What is written stays in sight.
  screen.getByTitle('ray://x');
});

test('a reference to what is known later is a fault at its field, a parameter is none, and neither is lost', async () => {
  const user = userEvent.setup();
  const first = { parties: ['bank-a'], address: '${tasks.a.result.x}', dealer: '${params.dealer}', own: { a: 1 } };
  render(<Form first={first} />);
  expect(saidAt(/^Where/)).toMatch(/known when the chain is created/);
  expect(saidAt(/^Dealer/)).toBeUndefined();
  await user.click(field(/^Parties/));
  await user.click(await screen.findByText('clinic'));
  expect(written()).toEqual({ ...first, parties: ['bank-a', 'clinic'] });
});

test.each([
  ['a reference', '${params.init}'],
  ['a list', ['bank-a']],
])('%s in its place stays as it is written', (_, first) => {
  render(<Form first={first} />);
  expect(JSON.parse(screen.getByRole<HTMLTextAreaElement>('textbox').value)).toEqual(first);
});

test('a party that is chosen is shown as it is', () => {
  render(<Form first={{ parties: ['<b>\u202ec', 'gone\u202e'] }} />);
  screen.getByTitle(String.raw`<b>\u202ec`);
  screen.getByTitle(String.raw`gone\u202e`);
});

test('parties that are no list of names stay as they are written', () => {
  render(<Form first={{ parties: { 'bank-a': { address: 'local' } }, address: 'local' }} />);
  expect(JSON.parse(screen.getByRole<HTMLTextAreaElement>('textbox').value)).toEqual({
    'bank-a': { address: 'local' },
  });
});
