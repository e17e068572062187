import { readFile } from 'node:fs/promises';
import { expect } from '@jest/globals';
import type { Page, Request } from 'playwright-core';

const TABLE = 'libs/compute/src/table/parquet-for-tests/concatenated_gzip_members.parquet';

/** The log of a task that runs is one stream, for as long as it is shown, and asks for nothing again. */
export async function followsLog(page: Page, task: string): Promise<void> {
  const asked: (string | undefined)[] = [];
  const count = (request: Request) => {
    if (request.url().includes(`/tasks/${task}/logs`)) asked.push(request.headers()['accept']);
  };
  page.on('request', count);
  await page.getByRole('tab', { name: 'Log' }).click();
  const panel = page.getByRole('tabpanel', { name: 'Log' });
  await panel.getByText('Live', { exact: true }).waitFor();
  await panel.getByText('No log line yet').waitFor();
  const saved = page.waitForEvent('download');
  await panel.getByRole('button', { name: 'Download' }).click();
  expect((await saved).suggestedFilename()).toBe(`${task}.log`);
  expect(asked.filter((accept) => accept === 'text/event-stream')).toHaveLength(1);
  page.off('request', count);
  await page.getByRole('tab', { name: 'Facts', exact: true }).click();
}

/** A Parquet file that another program packed by gzip is read in a thread, under the page's policy. */
export async function showsTable(page: Page): Promise<void> {
  const table = await readFile(TABLE);
  const item = { reference: 'artifact:c/t/rows.parquet', name: 'rows.parquet', party: null, at_site: null };
  const artifact = {
    ...item,
    size_bytes: table.length,
    media_type: 'application/vnd.apache.parquet',
    sha256: '',
    created_at: '',
  };
  await page.route('**/artifacts', (route) => route.fulfill({ json: { items: [artifact] } }));
  await page.route('**/artifacts/rows.parquet', (route) => route.fulfill({ body: table }));
  const thread = page.waitForEvent('worker');
  await page.getByRole('tab', { name: 'Artifacts' }).click();
  await page.getByRole('button', { name: 'Preview rows.parquet' }).click();
  expect((await thread).url()).toContain('/assets/parquet-worker-');
  await page.getByRole('group', { name: 'rows.parquet' }).getByRole('cell').first().waitFor();
  await page.unroute('**/artifacts');
}
