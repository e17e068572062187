import { expect } from '@jest/globals';
import { chain, line, type ApiClient } from '../../integration/system/index.js';
import { expectAccessible, visit, type Window } from './console-browser.js';

/** Makes a schedule of a template, runs it, fills back, pauses and resumes it, changes it, deletes and restores it. */
export async function scheduleFlow({ page, faults }: Window, api: ApiClient): Promise<void> {
  const body = { title: 'to be made each night', chain: chain(line(2)) };
  await api.expect(201, '/templates', { method: 'POST', body });
  const asked = page.locator('.ant-modal');
  await visit(page, '/schedules');
  await page.getByText('There is no schedule yet.').waitFor();
  await page.getByRole('button', { name: 'New schedule' }).click();
  await asked.getByLabel('Title *').fill('nightly');
  await asked.getByLabel('Minute, hour, day, month, weekday *').fill('99 2 * * *');
  await asked.locator('.verdict .fault').first().waitFor();
  await asked.getByLabel('Minute, hour, day, month, weekday *').fill('0 2 * * *');
  await asked.getByLabel('Template *').click();
  await page.getByTitle('to be made each night').click();
  await asked.getByText('Next due times').waitFor();
  await asked.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'nightly' }).waitFor();

  await page.getByRole('button', { name: 'Run now' }).click();
  const ran = page.getByRole('row').filter({ hasText: 'run now' });
  await ran.getByText('chain made').waitFor();
  await page.getByRole('button', { name: 'Backfill' }).click();
  await asked.getByText('It would make').waitFor();
  await asked.getByRole('button', { name: 'Backfill' }).click();
  await page.getByRole('row').filter({ hasText: 'backfill' }).first().waitFor();

  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('paused', { exact: true }).waitFor();
  // Filters are in the address: found by words of its title and its state, and not among those that run.
  const own = page.url();
  await visit(page, '/schedules?q=NIGHT&state=paused');
  await page.getByRole('link', { name: 'nightly' }).waitFor();
  await page.getByRole('searchbox', { name: 'Words in title' }).fill('nightly week');
  await page.keyboard.press('Enter');
  await page.getByText('No schedule fits.').waitFor();
  await visit(page, '/schedules?state=active');
  await page.getByText('No schedule fits.').waitFor();
  await visit(page, own);
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await page.getByRole('button', { name: 'Edit' }).click();
  await asked.getByLabel('Title *').fill('nightly at three');
  await asked.getByLabel('Minute, hour, day, month, weekday *').fill('0 3 * * *');
  await asked.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'nightly at three' }).waitFor();
  await page.getByText('0 3 * * *').waitFor();

  await page.getByRole('button', { name: 'Delete schedule' }).click();
  await asked.getByText('It can be restored until').waitFor();
  await asked.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Restore', exact: true }).click();
  await page.getByText('paused', { exact: true }).waitFor();
  await ran.getByRole('link').click();
  await page.waitForURL(/\/chains\//);
  expect(faults).toEqual([]);
}

/** Looks at the schedules, one of which has had a due time that made no chain. */
export async function schedulePages(window: Window, api: ApiClient, name: string): Promise<void> {
  const { page } = window;
  const { schedule_id: id } = await api.expect<{ schedule_id: string }>(201, '/schedules', {
    method: 'POST',
    body: { title: '名'.repeat(80), cron: '0 2 * * *', time_zone: 'Asia/Shanghai', chain: chain(line(1)) },
  });
  await api.expect(201, `/schedules/${id}/run`, { method: 'POST' });
  await visit(page, '/schedules');
  await page.getByText('名名').first().waitFor();
  await expectAccessible(window, `${name}-schedules`);
  await visit(page, `/schedules/${id}`);
  await page.locator('.ant-table-row').first().waitFor();
  await expectAccessible(window, `${name}-schedule`);
}
