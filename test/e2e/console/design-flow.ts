import { expect } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { allow, decide, scene, type Side } from '../../attacks/two-owners.js';
import { seedExample, type ApiClient, type SystemUnderTest } from '../../integration/system/index.js';
import { openWindow, type Window } from './console-browser.js';

/** The design document's complex example. */
const EXAMPLE = seedExample('complex');
export const WANTED = EXAMPLE.tasks.map(({ task_id, task_name, depends_on }) => [task_id, task_name, depends_on]);

/**
 * Draws the complex example, whose first task intersects the tables of two parties, by mouse, and its last task by keyboard; runs it, lets the other party
 * approve it, and watches it end.
 */
export async function designFlow({ page, faults }: Window, browser: Browser, running: SystemUnderTest): Promise<void> {
  const { a, b } = await scene(running);
  await allow(a, { with: [b.party] });
  const places = [
    [120, 300],
    [400, 200],
    [400, 400],
    [680, 300],
  ] as const;
  for (const [at, [x, y]] of places.entries()) {
    const dragged = palette(page).getByRole('button', { name: at === 0 ? /\bpsi$/ : /diagnostic/ });
    await dragged.dragTo(page.locator('.react-flow__pane'), { targetPosition: { x: x / 2, y } });
    const { task_id, task_name } = EXAMPLE.tasks[at]!;
    await rename(page, task_id, task_name);
    if (at === 0) await intersects(page, [a, b]);
  }
  const view = page.locator('.react-flow__viewport');
  const before = await view.getAttribute('style');
  await page.getByRole('button', { name: 'Arrange' }).click();
  await page.locator(`.react-flow__viewport:not([style="${before}"])`).waitFor({ state: 'attached' });
  for (const { task_id, depends_on } of EXAMPLE.tasks.slice(0, 4)) {
    for (const parent of depends_on) {
      await node(page, parent).locator('.source').dragTo(node(page, task_id).locator('.target'));
    }
  }
  await choose(page, EXAMPLE.tasks[4]!.depends_on[0]!);
  await addByKeyboard(page, 4);
  await nameChain(page);
  await page.getByText('No fault: Complex, 5 tasks on 4 levels.').waitFor();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.waitForURL(/\/chains\/chain-/);
  await page
    .getByText(`It waits for the owner of the data of ${b.party}`)
    .or(nodeOf(page, 'Waiting to retry'))
    .waitFor();
  const id = new URL(page.url()).pathname.split('/').at(-1)!;
  await approves(browser, running, b, id);
  const chain = await ended(page, running.api);
  expect(chain.chain_name).toBe(EXAMPLE.chain_name);
  expect(chain.tasks.map(({ task_id, task_name, depends_on }) => [task_id, task_name, depends_on])).toEqual(WANTED);
  expect(faults).toEqual([]);
}

/** The form of the first task: two parties, their tables and the columns that they share. */
async function intersects(page: Page, sides: readonly Side[]): Promise<void> {
  await field(page, 'Parties *').focus();
  for (const { party } of sides) {
    await page.keyboard.type(party);
    await page.keyboard.press('Enter');
  }
  await page.keyboard.press('Escape');
  const part = (name: string) => page.locator('.panel .field', { has: page.getByText(name, { exact: true }) }).first();
  for (const { party, table } of sides) {
    await part('input_paths *').getByRole('combobox', { name: party }).fill(table);
    await part('keys *').getByRole('combobox', { name: party }).focus();
    await page.keyboard.type('id');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
  }
}

/** Adds a task of the example behind those that are chosen. */
export async function addByKeyboard(page: Page, at: number): Promise<void> {
  const { keyboard } = page;
  const { task_id, task_name } = EXAMPLE.tasks[at]!;
  const write = async (place: Locator, text: string) => {
    await place.focus();
    await keyboard.press('Control+A');
    await keyboard.type(text);
  };
  await write(palette(page).getByRole('textbox'), 'diagnostic');
  await keyboard.press('Enter');
  await write(field(page, 'Id *'), task_id);
  await keyboard.press('Enter');
  await write(field(page, 'Name'), task_name);
}

export async function choose(page: Page, id: string): Promise<void> {
  await node(page, id).focus();
  await page.keyboard.press('Enter');
}

/** The other party signs in, finds on its page which command approves the task, and decides as that command does. */
async function approves(browser: Browser, running: SystemUnderTest, side: Side, id: string): Promise<void> {
  const { token } = await side.api.expect<{ token: string }>(201, '/session/links', { method: 'POST', body: {} });
  const { page, faults } = await openWindow(browser, running.api.url, `/approvals#once=${token}`);
  await page.getByText(`task-chain approvals show ${id} task-001 --party ${side.party}`).waitFor();
  await decide(side, id, 'task-001', 'approve');
  expect(faults).toEqual([]);
  await page.context().close();
}

export const palette = (page: Page) => page.locator('.palette');
export const node = (page: Page, id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);
export const field = (page: Page, label: string) => page.locator('.panel').getByLabel(label, { exact: true });
const nodeOf = (page: Page, status: string) => page.locator('.node').filter({ hasText: status });

async function rename(page: Page, id: string, name: string): Promise<void> {
  await field(page, 'Id *').fill(id);
  await page.keyboard.press('Enter');
  await node(page, id).waitFor();
  await field(page, 'Name').fill(name);
}

/** With no task chosen the form is the chain's. */
async function nameChain(page: Page): Promise<void> {
  await page.locator('.react-flow__pane').click({ position: { x: 10, y: 10 } });
  await page.getByRole('form', { name: 'The chain' }).waitFor();
  await field(page, 'Name *').fill(EXAMPLE.chain_name);
}

/** Waits on the live page that the run leads to. */
export async function ended(page: Page, api: ApiClient) {
  await page.waitForURL(/\/chains\/chain-/);
  await page.locator('.node').filter({ hasText: 'Success' }).nth(4).waitFor();
  await page.getByText('Ended').waitFor();
  return api.ended(new URL(page.url()).pathname.split('/').at(-1)!);
}
