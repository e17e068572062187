import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { chain, taskOf, type ApiClient } from '../../integration/system/index.js';
import { expectAccessible, visit, type Window } from './console-browser.js';

const FORM = {
  type: 'object',
  required: ['rows'],
  properties: {
    rows: { type: 'integer', minimum: 1, title: 'Rows' },
    column: { enum: ['id', 'name'], default: 'id', title: 'Column' },
  },
};
const asks = (question: string, who: string, task_id = 'ask') => ({
  ...{ task_id, task_type: 'sign_off', depends_on: [] },
  task_params: { task_config: { question, who: [who], form: FORM } },
});

async function asking(api: ApiClient, question: string, who = 'role:admin'): Promise<string> {
  const id = await api.start(chain([asks(question, who)]));
  await api.until(id, 'it asks', ({ tasks }) => tasks[0]!.hold === 'SIGN_OFF');
  return id;
}

/** Answers from the inbox and from the drawer: with a fault at a field, approved, rejected, and where others are asked. */
export async function signOffFlow({ page, faults }: Window, api: ApiClient): Promise<void> {
  const first = await asking(api, 'May the rows go?');
  await visit(page, '/approvals');
  const card = page.locator('.asked').filter({ hasText: 'May the rows go?' });
  await card.getByText('role:admin').waitFor();
  await card.getByText(/ago|now/).waitFor();
  await card.getByText('in 7 days').waitFor();
  await card.getByRole('button', { name: 'Sign off' }).click();
  await card.locator('.field .fault').getByText('is required').waitFor();
  await card.getByLabel('Rows rows *').fill('0');
  await card.getByRole('button', { name: 'Sign off' }).click();
  await card.locator('.field .fault').getByText('must be 1 or more').waitFor();
  await card.getByLabel('Rows rows *').fill('7');
  await card.getByLabel('Note').fill('looked at it');
  await card.getByRole('button', { name: 'Sign off' }).click();
  await card.waitFor({ state: 'detached' });
  const done = taskOf(await api.ended(first), 'ask').result as unknown as { answer: unknown; note: string };
  expect([done.answer, done.note]).toEqual([{ rows: 7, column: 'id' }, 'looked at it']);

  const second = await asking(api, 'May they go again?');
  const drawer = await openTask(page, `/chains/${second}?task=ask`);
  await drawer.locator('.sign-off').getByText('May they go again?').waitFor();
  expect(await drawer.getByRole('button', { name: 'Reject' }).isDisabled()).toBe(true);
  await drawer.getByLabel('Note').fill('not yet');
  await drawer.getByRole('button', { name: 'Reject' }).click();
  await drawer.getByText('SIGN_OFF_REJECTED').waitFor();

  const others = await asking(api, 'Who may?', 'oidc:somebody');
  const read = await openTask(page, `/chains/${others}?task=ask`);
  await read.getByText('You are not among those whom it asks.').waitFor();
  expect(await read.getByRole('button', { name: 'Sign off' }).count()).toBe(0);
  expect(faults).toEqual([]);
}

/** Looks at a question in the drawer; the inbox has it as well. */
export async function signOffPages(window: Window, api: ApiClient, name: string): Promise<void> {
  const id = await asking(api, '名'.repeat(200));
  const drawer = await openTask(window.page, `/chains/${id}?task=ask`);
  await drawer.getByText('名名').first().waitFor();
  await expectAccessible(window, `${name}-sign-off`);
}

async function openTask(page: Page, path: string) {
  await visit(page, path);
  return page.locator('.ant-drawer-body');
}
