import type { Page } from 'playwright-core';
import { expect } from '@jest/globals';
import { task, type ApiClient } from '../../integration/system/index.js';
import { expectAccessible, visit, type Window } from './console-browser.js';

/** A chain with a parameter that has no default. */
const CHAIN = {
  chain_name: 'Rows of a night',
  params: {
    type: 'object',
    required: ['word'],
    properties: {
      word: { type: 'string', title: 'What it answers' },
      counts: { type: 'object', default: { alice: 1 }, additionalProperties: { type: 'integer' } },
    },
  },
  tasks: [
    task('first', { result: '${params.word}' as never }),
    task('second', { result: '${params.counts}' as never }, { depends_on: ['first'] }),
  ],
};
const withTask = (id: string) => ({ ...CHAIN, tasks: [...CHAIN.tasks, task(id, {}, { depends_on: ['second'] })] });

interface TemplateAnswer {
  readonly template_id: string;
  readonly labels: Record<string, number>;
}

/** Makes a template in the designer, goes on with it while somebody else does, compares, starts a chain, copies, deletes, restores. */
export async function templateFlow({ page, faults }: Window, api: ApiClient): Promise<void> {
  const base = new URL(page.url()).origin;
  await write(page, CHAIN);
  await page.getByRole('button', { name: 'Save as a template' }).click();
  await asked(page).getByLabel('Title *').fill('夜间 rows <b>');
  await asked(page).getByLabel('Tags').fill('nightly,');
  await save(page);
  await page.getByText('Began with').waitFor();
  const { items } = await api.expect<{ items: TemplateAnswer[] }>(200, '/templates?q=夜间&tag=nightly');
  const id = items[0]!.template_id;

  // The next version is saved while the window of it is open: the tag of what it began with is refused, and then taken.
  await write(page, withTask('third'));
  await page.getByRole('button', { name: 'Save as a template' }).click();
  await asked(page).getByText('The next version of 夜间 rows').waitFor();
  await asked(page).getByLabel('What is new').fill('asks a third');
  const body = { title: '夜间 rows <b>', tags: ['nightly'], chain: withTask('theirs'), note: 'theirs' };
  await api.expect(200, `/templates/${id}`, { method: 'PUT', body });
  await asked(page).getByRole('button', { name: 'Save', exact: true }).click();
  await asked(page).getByText('PRECONDITION_FAILED').waitFor();
  await asked(page).getByText('By now there is version 2').waitFor();
  await save(page);
  await page.getByText('version 3').waitFor();
  // The draft knows after a reload what it began with, and that somebody went on meanwhile.
  await api.expect(200, `/templates/${id}`, { method: 'PUT', body: { ...body, chain: withTask('again') } });
  await page.reload();
  await page.getByText('By now there is version 4').waitFor();
  await page.getByRole('link', { name: 'Compare' }).click();
  await page.locator('.node-renamed, .node-added').filter({ hasText: 'again' }).waitFor();

  await visit(page, `/templates/${id}?view=compare&from=1&to=3`);
  await page.locator('.node-added').filter({ hasText: 'third' }).getByText('+ added').waitFor();
  await page.getByText('How version 1 became version 3:').waitFor();
  expect(await page.locator('.node-same').count()).toBe(2);
  await page.locator('.edge-added').waitFor({ state: 'attached' });

  await page.getByRole('tab', { name: 'Versions' }).click();
  const third = page.getByRole('row').filter({ hasText: 'asks a third' });
  await third.getByRole('button', { name: 'Label' }).click();
  await asked(page).getByRole('button', { name: 'Label', exact: true }).click();
  await third.getByText('production').waitFor();
  await page
    .getByRole('row')
    .filter({ hasText: 'theirs' })
    .last()
    .getByRole('button', { name: 'Go back to it' })
    .click();
  await asked(page).getByRole('button', { name: 'Go back to it' }).click();
  await page.getByRole('row').filter({ hasText: '5' }).first().waitFor();
  await asked(page).waitFor({ state: 'hidden' });

  // Faults of values stand at their fields; nothing is made while there are any.
  await page.getByRole('tab', { name: 'Start a chain' }).click();
  await page.locator('.start .verdict').getByText('fault').waitFor();
  const button = page.getByRole('button', { name: 'Create and start' });
  expect(await button.isDisabled()).toBe(true);
  await page.getByLabel('What it answers').fill('yes');
  await page.getByLabel('alice').fill('x');
  await page.locator('.field .fault').first().waitFor();
  await page.getByLabel('alice').fill('7');
  await page.getByText('No fault: a chain of 3 tasks.').waitFor();
  await button.click();
  await page.waitForURL(/\/chains\/chain-/);
  await page.getByText('Ended').waitFor();
  const chainId = new URL(page.url()).pathname.split('/').at(-1)!;
  const made = await api.expect<{ status: string; template_version: number }>(200, `/chains/${chainId}`);
  expect([made.status, made.template_version]).toEqual(['SUCCESS', 3]);
  await page.getByRole('link', { name: 'what differs' }).click();
  await page.getByText('How version 3 became the chain:').waitFor();

  await page.goto(`${base}/templates?q=夜间`);
  const row = page.getByRole('row').filter({ hasText: '夜间 rows <b>' }).first();
  await row.getByText('100 %').waitFor();
  await row.getByRole('button', { name: 'nightly' }).click();
  await page.waitForURL(/tag=nightly/);
  await row.getByRole('link').click();
  await page.getByRole('button', { name: 'Copy' }).click();
  await asked(page).getByRole('textbox').fill('A copy');
  await asked(page).getByRole('button', { name: 'Copy' }).click();
  await page.getByRole('heading', { name: 'A copy' }).waitFor();
  await page.getByRole('button', { name: 'Title, tags, sharing' }).click();
  await asked(page).getByLabel('Shared with').fill('*,');
  await save(page);
  await page.getByText('all tenants').waitFor();
  await page.getByRole('button', { name: 'Delete template' }).click();
  await asked(page).getByText('0 chains were made of it and stay').waitFor();
  await asked(page).getByRole('button', { name: 'Delete template' }).click();
  await page.getByText('NOT_FOUND').waitFor();
  await page.getByRole('button', { name: 'Restore the template' }).click();
  await page.getByRole('heading', { name: 'A copy' }).waitFor();
  expect(await page.title()).not.toBe('1');
  expect(faults).toEqual([]);
}

/** Looks at the pages of templates: with data, empty, with an error. */
export async function templatePages(window: Window, api: ApiClient, name: string): Promise<void> {
  const { page } = window;
  const body = {
    title: `${'名'.repeat(80)} ${name}`,
    description: '<b>\u202e'.repeat(40),
    tags: ['标'.repeat(30)],
    chain: CHAIN,
  };
  const { template_id: id } = await api.expect<TemplateAnswer>(201, '/templates', { method: 'POST', body });
  await api.expect(200, `/templates/${id}`, { method: 'PUT', body: { ...body, chain: withTask('third') } });
  for (const [path, text, as] of [
    ['', '名名', 'templates'],
    ['?q=nothing-of-this-name', /No template fits|没有符合条件的模板/, 'templates-empty'],
    ['/template-that-is-not-there', 'NOT_FOUND', 'template-error'],
    [`/${id}`, /What it answers/, 'template-start'],
    [`/${id}?view=versions`, 'sha256:', 'template-versions'],
    [`/${id}?view=compare&from=1&to=2`, /1 added|新增 1 个/, 'template-compare'],
  ] as const) {
    await visit(page, `/templates${path}`);
    await page.getByText(text).first().waitFor();
    if (/start|compare/.test(as)) await page.locator('.node').first().waitFor();
    await expectAccessible(window, `${name}-${as}`);
  }
}

const asked = (page: Page) => page.locator('.ant-modal');

async function save(page: Page): Promise<void> {
  await asked(page).getByRole('button', { name: 'Save', exact: true }).click();
  await asked(page).waitFor({ state: 'hidden' });
}

async function write(page: Page, chain: object): Promise<void> {
  await page.getByRole('tab', { name: 'Text' }).click();
  await page.getByRole('textbox', { name: 'Text' }).fill(JSON.stringify(chain));
}
