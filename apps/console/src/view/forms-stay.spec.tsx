/** @jest-environment jsdom */
import { afterEach, expect, jest, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, configure, fireEvent, render, screen, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { MemoryRouter, Route, Routes } from 'react-router';
import type { DatasetDto } from '#client';
import '../i18n.js';
import { ProblemError } from '#client';
import { api } from '../api.js';
import { SignOffOfTask } from '../chain/sign-off.js';
import { PolicyEditor } from '../data/policy-editor.js';

configure({ asyncUtilTimeout: 20_000 });
jest.unstable_mockModule('../templates/drawing.js', () => ({ Drawing: () => null }));
/** Of the state that is read. */
let tag = '';
jest.unstable_mockModule('../read-tagged.js', () => ({
  readTagged: async (read: (client: typeof api) => Promise<unknown>) => ({ of: await read(api), tag }),
}));
const { default: SchedulePage } = await import('../schedules/schedule-page.js');
const { StartForm } = await import('../templates/start-form.js');

const before = { ...api };
afterEach(() => {
  cleanup();
  Object.assign(api, before);
});

function shown(part: ReactNode, at = '/') {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <MemoryRouter initialEntries={[at]}>
      <QueryClientProvider client={client}>{part}</QueryClientProvider>
    </MemoryRouter>,
  );
  return client;
}
const empty = async () => ({ items: [] });
const unreachable = () => Promise.reject(new TypeError('fetch failed'));
const type = (field: HTMLElement, value: string) => fireEvent.change(field, { target: { value } });
const askAgain = (client: QueryClient) =>
  act(() => client.refetchQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'to change' }));

test('what is typed into a schedule stays while the server cannot be reached', async () => {
  const schedule = {
    ...{ schedule_id: 's', title: 'nightly', description: '', cron: '0 2 * * *', interval: null, at: null },
    ...{ on_webhook: false, on_dataset: null, time_zone: 'UTC', overlap: 'skip', paused: false, runs_as: 'key:k' },
    ...{ template_id: 't', version: null, params: {}, chain: null, next_due_times: [] },
  };
  Object.assign(api, {
    ...{ getSchedule: async () => schedule, listScheduleTicks: async () => ({ items: [], next_before: null }) },
    ...{ previewSchedule: async () => ({ errors: [], next_due_times: [] }), listTemplates: empty },
  });
  tag = '"7"';
  const page = (
    <Routes>
      <Route path="/schedules/:scheduleId" element={<SchedulePage />} />
    </Routes>
  );
  const client = shown(page, '/schedules/s');
  fireEvent.click(await screen.findByRole('button', { name: 'Edit' }));
  type(await screen.findByLabelText('Title *'), 'nightly at three');
  Object.assign(api, { getSchedule: unreachable });
  await askAgain(client);
  await screen.findByText('The server cannot be reached');
  expect(screen.getByLabelText<HTMLInputElement>('Title *').value).toBe('nightly at three');
  // It is saved over what was there as it was opened, and over nothing that somebody else has saved since.
  tag = '"8"';
  const saved: unknown[] = [];
  Object.assign(api, {
    ...{ getSchedule: async () => schedule },
    putSchedule: async ({ headers }: { headers: unknown }) => void saved.push(headers),
  });
  fireEvent.click(screen.getByRole('button', { name: 'Save' }));
  await waitFor(() => expect(saved).toEqual([{ 'If-Match': '"7"' }]));
  fireEvent.click(screen.getByRole('button', { name: 'Edit' }));
  // One that somebody else deleted is no more.
  Object.assign(api, { getSchedule: () => Promise.reject(new ProblemError(404, { code: 'NOT_FOUND' }, undefined)) });
  await askAgain(client);
  await waitFor(() => expect(screen.queryByLabelText('Title *')).toBeNull());
});

test('what is typed for a chain of a template stays while the server cannot be reached', async () => {
  Object.assign(api, {
    getTemplateVersion: async () => ({ number: 1, chain: { chain_name: 'x', tasks: [] } }),
    ...{
      previewChainOfTemplate: async () => ({ valid: true, errors: [], tasks: [], approvals: [], chain: { tasks: [] } }),
      listDatasets: empty,
    },
  });
  const client = shown(<StartForm templateId="t" version="1" />);
  type(await screen.findByRole('textbox'), 'of tonight');
  Object.assign(api, { getTemplateVersion: unreachable });
  await askAgain(client);
  await screen.findByText('The server cannot be reached');
  expect(screen.getByRole<HTMLInputElement>('textbox').value).toBe('of tonight');
});

test('a policy that is edited stays while the server cannot be reached', async () => {
  const body = { kind: 'policy', dataset: 'd', rules: [], expires_at: '2990-01-01T00:00:00Z' };
  Object.assign(api, { listStatements: async () => ({ items: [{ serial: 1, body }] }), listTaskTypes: empty });
  const dataset = { party: 'a', name: 'd', columns: [], reference: 'dataset:a/d@1' } as unknown as DatasetDto;
  const client = shown(<PolicyEditor of={dataset} />);
  type(await screen.findByLabelText(/^Ends at/), '2991-01-01T00:00:00Z');
  Object.assign(api, { listStatements: unreachable });
  await askAgain(client);
  await screen.findByText('The server cannot be reached');
  expect(screen.getByLabelText<HTMLInputElement>(/^Ends at/).value).toBe('2991-01-01T00:00:00Z');
});

test('an answer that somebody writes stays while the server cannot be reached', async () => {
  const asked = {
    ...{ chain_id: 'c', task_id: 't', attempt: 1, question: 'May it?', who: ['role:admin'], yours: true, form: null },
    ...{ asked_at: '2026-01-01T00:00:00Z', expires_at: '2999-01-01T00:00:00Z' },
  };
  Object.assign(api, { listSignOffs: async () => ({ items: [asked] }) });
  const client = shown(<SignOffOfTask chainId="c" taskId="t" attempt={1} />);
  type(await screen.findByLabelText(/^Note/), 'looked at it');
  Object.assign(api, { listSignOffs: unreachable });
  await askAgain(client);
  await screen.findByText('The server cannot be reached');
  expect(screen.getByLabelText<HTMLInputElement>(/^Note/).value).toBe('looked at it');
});
