/** @jest-environment jsdom */
import { afterEach, expect, jest, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useRef, useState } from 'react';
import '../i18n.js';
import { EdgePanel } from './dependency-fields.js';
import { readDraft } from './draft.js';
import { useKeys } from './use-keys.js';

afterEach(cleanup);

const opened = jest.fn<(task: string) => void>();
const DRAFT = readDraft({
  tasks: [
    { task_id: 'a', task_type: 'x', branch: [{ when: 'true', then: ['b'] }, { else: ['d'] }] },
    { task_id: 'b', task_type: 'x', depends_on: [] },
    { task_id: 'c', task_type: 'x', depends_on: ['b', { task_id: 'a', dependency_type: 'data' }] },
    { task_id: 'd', task_type: 'x', depends_on: [] },
  ],
});
const FAULT = { code: 'INVALID_CONDITION', pointer: '/tasks/2/depends_on/1/when', message: 'no condition' };

function Panel({ from, to, isArm: first = false }: { from: string; to: string; isArm?: boolean }) {
  const [draft, change] = useState(DRAFT);
  const [isArm, became] = useState(first);
  return (
    <QueryClientProvider client={new QueryClient()}>
      <output>{JSON.stringify(draft.tasks.map(({ branch, depends_on }) => branch ?? depends_on))}</output>
      <EdgePanel
        {...{ draft, from, to, isArm }}
        faults={[FAULT]}
        change={(how) => change(how)}
        open={opened}
        became={(edge) => became(edge.isArm)}
      />
    </QueryClientProvider>
  );
}
const written = () => JSON.parse(screen.getByRole('status').textContent) as unknown[];

test('an edge has a form for its condition, says what is wrong with it, and is removed', async () => {
  const user = userEvent.setup();
  render(<Panel from="a" to="c" />);
  screen.getByText('c waits for a');
  expect(screen.getByRole('alert').textContent).toContain('no condition');
  await user.type(screen.getByLabelText('Condition (CEL)'), 'tasks.a.st');
  // What may come next is offered here as in the task's form.
  await screen.findAllByText('tasks.a.status');
  const [, , third] = written();
  expect(third).toEqual(['b', { task_id: 'a', dependency_type: 'data', when: 'tasks.a.st' }]);
  await user.click(screen.getByRole('button', { name: 'Remove the edge' }));
  expect(written()[2]).toEqual(['b']);
});

test('an edge from a task with a branch is in the arms that one chooses, or in none', async () => {
  const user = userEvent.setup();
  render(<Panel from="a" to="b" isArm />);
  const choose = async (arm: string) => {
    await user.click(screen.getByRole('combobox', { name: 'Arms of the branch' }));
    await user.click(await screen.findByTitle(arm));
  };
  await choose('2 · else');
  expect(written().slice(0, 2)).toEqual([[{ when: 'true', then: ['b'] }, { else: ['d', 'b'] }], []]);
  await user.click(screen.getByRole('combobox', { name: 'Arms of the branch' }));
  await user.keyboard('{Backspace}{Backspace}');
  // It waits all the same.
  expect(written().slice(0, 2)).toEqual([[{ when: 'true', then: [] }, { else: ['d'] }], ['a']]);
  screen.getByText('b waits for a');
  await choose('1 · true');
  expect(written().slice(0, 2)).toEqual([[{ when: 'true', then: ['b'] }, { else: ['d'] }], []]);
  await user.click(screen.getByRole('button', { name: 'Remove the edge' }));
  expect(written().slice(0, 2)).toEqual([[{ when: 'true', then: [] }, { else: ['d'] }], []]);
});

test('an arm leads to the task that has the branch', async () => {
  render(<Panel from="a" to="b" isArm />);
  expect(screen.queryByLabelText('Condition (CEL)')).toBeNull();
  await userEvent.setup().click(screen.getByRole('button', { name: 'Open a' }));
  expect(opened).toHaveBeenCalledWith('a');
});

const pressed = jest.fn<(command: string) => void>();
function Keys() {
  const area = useRef<HTMLDivElement>(null);
  useKeys(area, pressed);
  return (
    <>
      <div ref={area}>
        <button type="button">inside</button>
        <input aria-label="text" />
      </div>
      <button type="button">dialog</button>
    </>
  );
}

test.each([
  ['inside', '{Control>}x{/Control}', 'cut'],
  ['inside', '{Control>}{Shift>}z{/Shift}{/Control}', 'redo'],
  // After what had the focus is removed.
  [undefined, '{Control>}z{/Control}', 'undo'],
  ['text', '{Control>}z{/Control}', undefined],
  ['dialog', '{Control>}z{/Control}', undefined],
  ['inside', 'z', undefined],
])('with the focus on %s, %s is %s', async (focused, keys, command) => {
  pressed.mockClear();
  const user = userEvent.setup();
  render(<Keys />);
  if (focused !== undefined) (screen.queryByText(focused) ?? screen.getByLabelText(focused)).focus();
  await user.keyboard(keys);
  expect(pressed.mock.calls).toEqual(command === undefined ? [] : [[command]]);
});
