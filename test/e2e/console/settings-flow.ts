import type { Page } from 'playwright-core';
import { expect } from '@jest/globals';
import { ApiClient } from '../../integration/system/index.js';
import { expectAccessible, visit, type Window } from './console-browser.js';

/** Makes, uses, revokes and restores a key; makes a webhook and a secret, and removes them; changes how the console looks. */
export async function settingsFlow({ page, faults }: Window, api: ApiClient): Promise<void> {
  await visit(page, '/settings?view=keys');
  await page.getByRole('button', { name: 'New API key' }).click();
  await asked(page).getByLabel('Name *').fill('of the console');
  await asked(page).getByRole('button', { name: 'Make' }).click();
  const shown = page.locator('.ant-alert code');
  const key = (await shown.textContent())!;
  await new ApiClient(api.url, key).expect(200, '/session');
  expect(await page.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage })')).not.toContain(key);
  const row = page.getByRole('row').filter({ hasText: 'of the console' });
  await row.getByRole('button', { name: 'Revoke' }).click();
  await asked(page).getByText('It can be restored until').waitFor();
  await asked(page).getByRole('button', { name: 'Remove' }).click();
  await row.getByText('revoked').waitFor();
  await row.getByRole('button', { name: 'Restore' }).click();
  await row.getByRole('button', { name: 'Revoke' }).waitFor();

  await page.getByRole('tab', { name: 'Secrets' }).click();
  await page.getByRole('button', { name: 'New secret' }).click();
  await asked(page).getByLabel('Name *').fill('mail-password');
  await asked(page).getByLabel('Value *').fill('a value that is shown nowhere');
  await asked(page).getByRole('button', { name: 'Save', exact: true }).click();
  const secret = page.getByRole('row').filter({ hasText: 'mail-password' });
  await secret.getByText('admins alone').waitFor();
  expect(await page.content()).not.toContain('a value that is shown nowhere');
  await secret.getByRole('button', { name: 'Remove' }).click();
  await asked(page).getByRole('button', { name: 'Remove' }).click();
  await secret.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Restore' }).click();
  await secret.waitFor();

  await page.getByRole('tab', { name: 'Webhooks' }).click();
  await page.getByRole('button', { name: 'New webhook' }).click();
  await asked(page).getByLabel('URL *').fill('not a url');
  await asked(page).getByRole('button', { name: 'Make' }).click();
  await asked(page).getByText('The server refused').waitFor();
  await asked(page).getByLabel('URL *').fill('https://hooks.example.org/task-chain');
  await asked(page).getByRole('button', { name: 'Make' }).click();
  await shown.getByText('whsec_').waitFor();
  const hook = page.getByRole('row').filter({ hasText: 'hooks.example.org' });
  await hook.getByRole('button', { name: 'Deliveries' }).click();
  await page.getByText('Nothing was sent yet.').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await hook.getByRole('button', { name: 'Remove' }).click();
  await asked(page).getByRole('button', { name: 'Remove' }).click();
  await hook.waitFor({ state: 'hidden' });

  await page.getByRole('tab', { name: 'Audit log' }).click();
  await page.getByRole('cell', { name: 'putSecret' }).first().waitFor();
  await page.getByRole('searchbox', { name: 'Action, such as cancelChain' }).fill('revokeKey');
  await page.keyboard.press('Enter');
  await page.getByRole('cell', { name: 'putSecret' }).first().waitFor({ state: 'hidden' });
  await page.getByRole('cell', { name: 'revokeKey' }).first().waitFor();

  await api.expect(201, '/signals', { method: 'POST', body: { name: 'seen', key: 'here', payload: { rows: 7 } } });
  await page.getByRole('tab', { name: 'Signals' }).click();
  const signal = page.getByRole('row').filter({ hasText: 'waits for its task' });
  await signal.getByRole('button').click();
  await page.getByText('"rows": 7').waitFor();

  await page.getByRole('tab', { name: 'Look' }).click();
  await page.getByRole('radio', { name: 'Dark' }).check();
  await page.locator('html[data-theme=dark]').waitFor();
  await page.getByRole('radio', { name: '中文' }).check();
  await page.getByRole('heading', { name: '设置' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: '设置' }).waitFor();
  expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
  expect(faults).toEqual([]);
}

/** Looks at the settings. */
export async function settingsPages(window: Window, _api: ApiClient, name: string): Promise<void> {
  const { page } = window;
  for (const view of ['look', 'keys', 'webhooks', 'secrets', 'signals', 'audit', 'tenant']) {
    await visit(page, `/settings?view=${view}`);
    await page
      .locator(view === 'look' ? '.ant-radio-group' : '.ant-table')
      .first()
      .waitFor();
    await expectAccessible(window, `${name}-settings-${view}`);
  }
}

const asked = (page: Page) => page.locator('.ant-modal');
