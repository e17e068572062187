/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import '../i18n.js';
import { drawEdge } from './branch.js';
import { BranchFields } from './branch-fields.js';
import { edgesOf, readDraft, type Draft } from './draft.js';
import { removeTasks, renameTask } from './edits.js';

afterEach(cleanup);

const TASKS = ['early', 'psi', 'train', 'report', 'last'].map((task_id) => ({
  ...{ task_id, task_type: 'psi', task_params: {} },
  depends_on: task_id === 'psi' ? ['early'] : task_id === 'last' ? ['train'] : [],
}));
const draftWith = (branch: unknown): Draft =>
  readDraft({ chain_name: 'c', tasks: TASKS.map((task) => (task.task_id === 'psi' ? { ...task, branch } : task)) });
const branchOf = (draft: Draft) => draft.tasks[1]!['branch'];

const FAULTS: Readonly<Record<string, string>> = {
  '/tasks/1/branch/0/when': 'no condition',
  '/tasks/1/branch/1/then/0': 'no such task',
  '/tasks/1/branch/1': 'too long in all',
  '/tasks/1/branch': 'one too many',
};

/** What each step was called: typing on in one field is one step. */
let steps: (string | undefined)[] = [];

function Form({ branch, faults = {} }: { branch?: unknown; faults?: Readonly<Record<string, string>> }) {
  const [draft, change] = useState(draftWith(branch));
  return (
    <>
      <output>{JSON.stringify(branchOf(draft) ?? null)}</output>
      <BranchFields
        draft={draft}
        task={draft.tasks[1]!}
        at="/tasks/1"
        faultAt={(pointer) => faults[pointer]}
        faultWithin={(pointer) =>
          faults[Object.keys(faults).find((each) => `${each}/`.startsWith(`${pointer}/`)) ?? '']
        }
        change={(how, field) => {
          steps.push(field);
          change(how);
        }}
      />
    </>
  );
}
const written = (): unknown => JSON.parse(screen.getByRole('status').textContent);
const arm = (name: string) => within(screen.getByRole('group', { name }));
const focused = () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent;

test('arms are made by keyboard: conditions that go on, tasks chosen by name, what is taken otherwise last', async () => {
  const user = userEvent.setup();
  steps = [];
  render(<Form />);
  await user.click(screen.getByText('Branch'));
  await user.click(screen.getByRole('button', { name: 'Add an arm' }));
  // The new arm has the focus.
  await user.keyboard('tasks.ps');
  await screen.findByTitle('tasks.psi.status');
  await user.keyboard('i.result.n > 1');
  const tasks = () => arm('Arm 1: if').getByRole('combobox', { name: 'These tasks run' });
  await user.click(tasks());
  // Neither itself nor what it waits for.
  expect(screen.queryByTitle('early') ?? screen.queryByTitle('psi')).toBeNull();
  await user.click(await screen.findByTitle('train'));
  await user.click(await screen.findByTitle('last'));
  await user.keyboard('{Escape}');
  expect(written()).toEqual([{ when: 'tasks.psi.result.n > 1', then: ['train', 'last'] }]);
  expect(new Set(steps)).toEqual(new Set([undefined, 'psi branch 0 when', 'psi branch 0 tasks']));
  await user.click(screen.getByRole('button', { name: 'Add “otherwise”' }));
  await user.click(arm('Otherwise').getByRole('combobox', { name: 'These tasks run' }));
  await user.click((await screen.findAllByTitle('report')).at(-1)!);
  await user.keyboard('{Escape}');
  expect(screen.queryByRole('button', { name: 'Add “otherwise”' })).toBeNull();
  await user.click(screen.getByRole('button', { name: 'Add an arm' }));
  await user.keyboard('true');
  expect(written()).toEqual([
    { when: 'tasks.psi.result.n > 1', then: ['train', 'last'] },
    { when: 'true', then: [] },
    { else: ['report'] },
  ]);
});

test('arms change places and go; the focus goes with them', async () => {
  const user = userEvent.setup();
  render(<Form branch={[{ when: 'a', then: ['train'] }, { when: 'b', then: ['last'] }, { else: ['report'] }]} />);
  const button = (name: string) => screen.getByRole<HTMLButtonElement>('button', { name });
  expect(button('Move up: Arm 1: if').disabled).toBe(true);
  // What is taken otherwise stays the last.
  expect(button('Move down: Arm 2: else if').disabled).toBe(true);
  expect(button('Move up: Otherwise').disabled).toBe(true);
  button('Move down: Arm 1: if').focus();
  await user.keyboard('{Enter}');
  expect(written()).toEqual([{ when: 'b', then: ['last'] }, { when: 'a', then: ['train'] }, { else: ['report'] }]);
  expect(focused()).toBe('Move up: Arm 2: else if');
  await user.keyboard('{Enter}');
  expect(written()).toMatchObject([{ when: 'a' }, { when: 'b' }, {}]);
  expect(focused()).toBe('Move down: Arm 1: if');
  for (const name of ['Otherwise', 'Arm 2: else if', 'Arm 1: if']) {
    button(`Remove: ${name}`).focus();
    await user.keyboard('{Enter}');
    expect(focused()).toBe('Add an arm');
  }
  expect(written()).toBeNull();
  expect(screen.getByText<HTMLDetailsElement>('Branch').closest('details')!.open).toBe(true);
});

test('what is wrong stands at the field that the pointer names', () => {
  render(
    <Form
      branch={[
        { when: 'a', then: ['train'] },
        { when: 'b', then: ['<b>\u202egone'] },
      ]}
      faults={FAULTS}
    />,
  );
  const said = (name: string) =>
    arm(name)
      .getAllByRole('alert')
      .map(({ textContent }) => textContent);
  expect(said('Arm 1: if')).toEqual(['no condition']);
  expect(said('Arm 2: else if')).toEqual(['too long in all', 'no such task']);
  screen.getByText('one too many');
  // A name that no task has, and a hostile one, is shown as it is written, to be removed.
  arm('Arm 2: else if').getByTitle(String.raw`<b>\u202egone`);
});

test.each([
  ['no list', { when: 'a' }],
  ['mixed', [{ when: 'a', then: ['train'], else: ['last'] }]],
  ['other fields', [{ when: 'a', then: ['train'], name: 'x' }]],
  ['other values', [{ when: 1, then: [null] }]],
])('a branch with %s stays as it is written', (_, branch) => {
  render(<Form branch={branch} />);
  expect(JSON.parse(screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Branch' }).value)).toEqual(branch);
});

test('an edge that is drawn goes into an arm without tasks; one that stands in several arms is one edge', () => {
  const half = draftWith([
    { when: 'a', then: ['train'] },
    { when: 'b', then: [] },
  ]);
  const drawn = drawEdge(half, 'psi', 'train');
  expect(branchOf(drawn)).toEqual([
    { when: 'a', then: ['train'] },
    { when: 'b', then: ['train'] },
  ]);
  expect(edgesOf(drawn).filter(({ isArm }) => isArm)).toEqual([
    { from: 'psi', to: 'train', isArm: true, when: undefined, arms: ['a', 'b'] },
  ]);
  // All arms have tasks: it waits, and its form asks for the arm.
  const waits = drawEdge(drawn, 'psi', 'report');
  expect([branchOf(waits), waits.tasks[3]!.depends_on]).toEqual([branchOf(drawn), ['psi']]);
  expect(drawEdge(half, 'psi', 'psi')).toBe(half);
  // What is half written is not lost where others are renamed or removed.
  expect(branchOf(renameTask(half, 'train', 'fit')!)).toEqual([
    { when: 'a', then: ['fit'] },
    { when: 'b', then: [] },
  ]);
  expect(branchOf(removeTasks(half, new Set(['last'])))).toEqual(branchOf(half));
});
