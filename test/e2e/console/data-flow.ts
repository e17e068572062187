import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { parse } from 'yaml';
import type { scene } from '../../attacks/two-owners.js';
import { allow } from '../../attacks/two-owners.js';
import { expectAccessible, visit, type Window } from './console-browser.js';

/** Finds a dataset, edits its policy, and reads the file and the commands that its owner signs with. */
export async function dataFlow({ page, faults }: Window, { a, b }: Awaited<ReturnType<typeof scene>>): Promise<void> {
  await allow(a, { with: [b.party], words: '<img src=x onerror="document.title=1">' });
  await visit(page, `/data?party=${a.party}`);
  await page.getByText(`task-chain datasets register ${a.party}/<name>`).waitFor();
  await page.getByText(`${b.party}/customers@1`).waitFor({ state: 'hidden' });
  await page.getByRole('searchbox').fill('no column of this name');
  await page.getByText('No dataset fits').waitFor();
  await page.getByRole('searchbox').fill('customers');
  await page.getByRole('link', { name: `${a.party}/customers@1` }).click();
  await page.getByText('task-chain datasets rm').waitFor();
  await page.getByRole('tab', { name: 'Policy' }).click();
  await page.getByText(`1. allow psi · ${b.party}`).waitFor();
  await page.getByLabel('Ends at').fill('tomorrow');
  await page.getByText('Write a time in UTC').waitFor();
  await page.getByLabel('Ends at').fill('2990-01-01T00:00:00Z');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await page.getByText('Name at least one type').waitFor();
  const rule = page.locator('.rule').last();
  await rule.getByLabel('Task types').fill('table_statistics');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await rule.getByRole('button', { name: 'Up' }).click();
  await page.getByText('1. allow table_statistics').waitFor();
  await page.getByText(`task-chain policies set ${a.party}/customers --file policy.yaml --key`).waitFor();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download policy.yaml' }).click(),
  ]);
  const policy = parse(readFileSync(await file.path(), 'utf8')) as { rules: { task_types: string[] }[] };
  expect(policy).toEqual({
    expires_at: '2990-01-01T00:00:00Z',
    rules: [
      { effect: 'allow', task_types: ['table_statistics'] },
      { effect: 'allow', task_types: ['psi'], with: [b.party], words: '<img src=x onerror="document.title=1">' },
    ],
  });
  await page.getByRole('tab', { name: 'Opened' }).click();
  await page.getByText('Nothing was opened yet').waitFor();
  expect(await page.title()).not.toBe('1');
  expect(faults).toEqual([]);
}

/** Looks at the pages of data: with data, empty, with an error. */
export async function dataPages(window: Window, party: string, name: string): Promise<void> {
  const { page } = window;
  for (const [path, text, as] of [
    [`?party=${party}`, `${party}/customers@1`, 'data'],
    ['?q=nothing-of-this-name', /No dataset fits|没有符合条件的数据集/, 'data-empty'],
    [`/${party}/not-there`, /no such dataset|没有这个数据集/, 'dataset-error'],
    [`/${party}/customers`, 'datasets rm', 'dataset'],
    [`/${party}/customers?view=policy`, 'policies set', 'dataset-policy'],
    [`/${party}/customers?view=ledger`, /Nothing was opened yet|还没有开放任何内容/, 'dataset-ledger'],
  ] as const) {
    await visit(page, `/data${path}`);
    await page.getByText(text).first().waitFor();
    await expectAccessible(window, `${name}-${as}`);
  }
}
