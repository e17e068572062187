/** @jest-environment jsdom */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { Node, ReactFlowProps } from '@xyflow/react';
import { MemoryRouter } from 'react-router';
import '../i18n.js';
import { api } from '../api.js';

/** The canvas as the page sees it: what it draws, and what somebody does there. */
let canvas: ReactFlowProps;
const flow = { fitView: async () => true, screenToFlowPosition: (at: unknown) => at };
jest.unstable_mockModule('@xyflow/react', () => ({
  ReactFlow: (props: ReactFlowProps) => ((canvas = props), null),
  ReactFlowProvider: ({ children }: { children: unknown }) => children,
  ...{ Background: () => null, Controls: () => null, Handle: () => null, MarkerType: {} },
  Position: { Left: 'left', Right: 'right', Top: 'top', Bottom: 'bottom' },
  ...{ useReactFlow: () => flow, useStoreApi: () => ({ getState: () => ({ width: 0, height: 0 }) }) },
  ...{ useStore: () => 0, useNodesInitialized: () => false, BaseEdge: () => null, getBezierPath: () => [''] },
}));
jest.unstable_mockModule('@xyflow/react/dist/style.css', () => ({}));
// Vite alone knows how to find them.
jest.unstable_mockModule('./examples.js', () => ({ EXAMPLES: new Map() }));
jest.unstable_mockModule('../chain/elk.js', () => ({ layOut: async () => ({ places: {}, ways: [] }) }));
const { default: DesignerPage } = await import('./designer-page.js');

const type = (task_type: string, config_schema: object = { properties: {} }) => ({
  ...{ task_type, config_schema, title: task_type, description: '', leaves: '' },
  ...{ needs_parties: false, approximate: false, engines: ['native'], engine_leaves: [] },
});
const asked = {
  listTaskTypes: async () => ({ items: [type('psi'), type('http', { properties: { url: { type: 'string' } } })] }),
  listDatasets: async () => ({ items: [] }),
  validateChain: async () => ({ valid: false, errors: [], approvals: [], warnings: [], total_tasks: 0 }),
};
const before = { ...api };
beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  Object.assign(api, asked);
});
afterEach(() => {
  cleanup();
  Object.assign(api, before);
});

const one = (task_id: string, more: object = {}) => ({
  ...{ task_id, task_type: 'psi', depends_on: [], task_params: { task_config: {} } },
  ...more,
});
const around = (task_id: string, inner: string) =>
  one(task_id, {
    task_type: 'chain',
    task_params: { task_config: { chain: { chain_name: inner, tasks: [one(inner)] } } },
  });
const places = { a: { x: 0, y: 0 }, b: { x: 270, y: 0 }, c: { x: 540, y: 0 } };

function shown(...tasks: object[]) {
  localStorage.setItem('task-chain.draft.me', JSON.stringify({ draft: { chain_name: 'whole', tasks }, places }));
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <MemoryRouter>
        <DesignerPage actor="me" />
      </MemoryRouter>
    </QueryClientProvider>,
  );
}
const choose = (...ids: string[]) =>
  act(() =>
    canvas.onNodesChange!((canvas.nodes ?? []).map(({ id }) => ({ id, type: 'select', selected: ids.includes(id) }))),
  );
const drag = (id: string, y: number, dragging: boolean) =>
  act(() => canvas.onNodesChange!([{ id, type: 'position', position: { x: 200, y }, dragging }]));
const node = (id: string): Node => canvas.nodes!.find((each) => each.id === id)!;
const tasks = () =>
  canvas.nodes!.filter(({ type: of }) => of === 'task').map(({ data }) => (data as { task: object }).task);
const section = (title: string) => screen.getByText(title).closest('details')!;
const pick = async (field: HTMLElement, option: string) => {
  fireEvent.mouseDown(field);
  fireEvent.click((await screen.findAllByTitle(option)).at(-1)!);
};

test('a section stays as one left it, whichever task is chosen; before, it is open where something is written', async () => {
  shown(one('a', { retry_policy: { max_retries: 1 } }), one('b'), one('c', { retry_policy: { max_retries: 2 } }));
  choose('a');
  expect(section('Retry policy').open).toBe(true);
  choose('b');
  expect(section('Retry policy').open).toBe(false);
  // What nobody has looked at is not drawn.
  expect(within(section('Retry policy')).queryAllByRole('combobox', { hidden: true })).toEqual([]);
  fireEvent.click(screen.getByText('Branch'));
  await screen.findByText('Add an arm');
  choose('c');
  fireEvent.click(screen.getByText('Retry policy'));
  await waitFor(() => expect(section('Retry policy').open).toBe(false));
  choose('a');
  await waitFor(() => expect([section('Retry policy').open, section('Branch').open]).toEqual([false, true]));
});

test('what undo takes away is chosen no more, and a new task does not wait for it', async () => {
  shown(one('a'));
  fireEvent.click((await screen.findAllByText('psi'))[0]!);
  expect(tasks()).toHaveLength(2);
  expect(screen.getByLabelText('Id *').getAttribute('value')).toBe('psi');
  fireEvent.click(screen.getByText('Undo'));
  expect(screen.queryByLabelText('Id *')).toBeNull();
  fireEvent.click((await screen.findAllByText('psi'))[0]!);
  expect(tasks()).toMatchObject([{ task_id: 'a' }, { task_id: 'psi', depends_on: [] }]);
});

test('each row that is added or removed is a step of its own, and so is what is typed in one field', async () => {
  const user = userEvent.setup({ pointerEventsCheck: 0 });
  shown(one('a'));
  const rows = () => screen.queryAllByLabelText(/^Remove: param-/).length;
  const title = () => screen.getAllByLabelText<HTMLInputElement>(/ title$/)[0]!;
  await user.click(screen.getByText('Add a parameter'));
  await user.type(title(), 'ab');
  await user.click(screen.getByText('Add a parameter'));
  await user.click(screen.getByLabelText('Remove: param-2'));
  const steps: unknown[] = [];
  for (let step = 0; step < 4; step++) {
    await user.click(screen.getByText('Undo'));
    steps.push([rows(), rows() > 0 && title().value]);
  }
  expect(steps).toEqual([
    [2, 'ab'],
    [1, 'ab'],
    [1, ''],
    [0, false],
  ]);
});

test('edges keep their sides while a task is dragged, and what is not moved or changed is not drawn anew', () => {
  shown(one('a'), one('b', { depends_on: ['a'] }), one('c'));
  const [sides, other] = [node('a').sourcePosition, node('c')];
  drag('a', -2_000, true);
  expect([node('a').position.y, node('a').sourcePosition]).toEqual([-2_000, sides]);
  expect(node('c')).toBe(other);
  const [moved, [edge]] = [node('b'), canvas.edges!];
  choose('a');
  fireEvent.change(screen.getByLabelText('Name'), { target: { value: 'A' } });
  expect(node('a').ariaLabel).toBe('A');
  expect([node('b'), canvas.edges![0]]).toEqual([moved, edge]);
  expect(node('b') === moved && canvas.edges![0] === edge).toBe(true);
  drag('a', -2_000, false);
  expect(node('a').sourcePosition).not.toBe(sides);
});

test('another chain has a form of its own, and the trail has the focus where somebody opened it, not after undo', async () => {
  shown(around('sub', 'inner'), one('b'));
  choose();
  fireEvent.click(screen.getByText('Add an output'));
  fireEvent.change(screen.getByLabelText('Name', { selector: '.output input' }), { target: { value: 'half' } });
  act(() => (node('sub').data as { open: () => void }).open());
  await screen.findByLabelText('Where this chain stands');
  expect(document.activeElement?.getAttribute('aria-current')).toBe('page');
  expect(screen.queryByDisplayValue('half')).toBeNull();
  const name = screen.getAllByLabelText(/^Name/)[0]!;
  fireEvent.change(name, { target: { value: 'other' } });
  name.focus();
  fireEvent.click(screen.getByText('Undo'));
  expect(document.activeElement).toBe(name);
});

test('keys of the canvas are not for the tools, the palette, the trail and the form', () => {
  shown(one('a'));
  for (const name of ['Tools of the designer', 'Task types'])
    expect(screen.getByLabelText(name, { selector: '.nokey' })).toBeTruthy();
  expect(screen.getByRole('tablist').closest('.nokey')).not.toBeNull();
});

test('a task has a field for each part of it: so many before it, what undoes it, how often it is retried', async () => {
  shown(one('a'), one('b', { depends_on: ['a'], trigger_rule: { at_least: 1 } }));
  await screen.findAllByText('http');
  choose('b');
  fireEvent.change(screen.getByLabelText('So many must succeed at_least'), { target: { value: '2' } });
  expect(tasks()[1]).toMatchObject({ trigger_rule: { at_least: 2 } });
  fireEvent.click(screen.getByText('Undo, if the chain fails or is cancelled'));
  await pick(await screen.findByLabelText('What undoes it'), 'http · http');
  const undo = within(section('Undo, if the chain fails or is cancelled'));
  fireEvent.change(undo.getByLabelText('url'), { target: { value: '${tasks.b.re' } });
  expect(await screen.findByTitle('${tasks.b.result.')).toBeTruthy();
  fireEvent.change(undo.getByLabelText(/ timeout$/), { target: { value: '9' } });
  fireEvent.click(undo.getByText('Retry policy'));
  fireEvent.change(await undo.findByLabelText(/ max_retries$/), { target: { value: '4' } });
  expect(tasks()[1]).toMatchObject({
    compensate_with: {
      ...{ task_type: 'http', timeout: 9, retry_policy: { max_retries: 4 } },
      task_params: { task_config: { url: '${tasks.b.re' } },
    },
  });
});

test('a task whose sites would wait for long is said with rounds, delay and time', async () => {
  const slow = { code: 'SLOW_AT_SITES', pointer: '/tasks/0/task_params', message: '', task_id: 'a' };
  const warnings = [{ ...slow, rounds: 31_260, delay_ms: 38, seconds: 1_188 }];
  Object.assign(api, { validateChain: async () => ({ ...(await asked.validateChain()), valid: true, warnings }) });
  shown(one('a'));
  expect((await screen.findByText(/^Task a would wait/)).textContent).toBe(
    'Task a would wait 1188 s for messages between its sites: some 31260 rounds at 38 ms.',
  );
});

test('what the API finds fault with is led to, and an arm without a task says what to do', async () => {
  const fault = { code: 'INVALID_VALUE', pointer: '/tasks/0/branch/0/then', message: 'then must have 1 item or more' };
  Object.assign(api, { validateChain: async () => ({ ...(await asked.validateChain()), errors: [fault] }) });
  shown(one('a', { branch: [{ when: 'true', then: ['b'] }] }), one('b'));
  act(() => canvas.onDelete!({ nodes: [node('b')], edges: [] }));
  expect(tasks()).toMatchObject([{ branch: [{ when: 'true', then: [] }] }]);
  fireEvent.click(await screen.findByLabelText('a: 1 fault'));
  expect(await screen.findByText('No task runs here: choose one, or remove the arm.')).toBeTruthy();
});
