import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { describeUnless, openTestBrowser } from '#libs/testing';
import { OfferedSite, RUN, taskOf } from '../offered-site-for-tests.js';
import { servePage } from './serve.js';

const { browser, skip, close } = await openTestBrowser();
afterAll(close);

interface Found {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** What axe finds on a page, and whether it is wider than the window. */
async function faultsOf(page: Page, name: string): Promise<readonly string[]> {
  // No page lets a script run: axe comes by the debugger, beside the policy.
  const { violations } = await page.evaluate<Found>(`${axe.source}; axe.run()`);
  const isWide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  return [
    ...violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`),
    ...(isWide ? [`${name} is too wide`] : []),
  ];
}

describeUnless(skip, 'the page of approvals in a browser', () => {
  test('is opened by its link once, read and decided on by keyboard, in both languages, and without a fault', async () => {
    const work = await mkdtemp(join(tmpdir(), 'approvals-browser-'));
    const site = await OfferedSite.make(work);
    const served = await servePage({ folder: site.folder.path, port: 0, log: () => undefined });
    const context = await browser!.newContext({ locale: 'en-GB', viewport: { width: 360, height: 800 } });
    try {
      site.offer(RUN, { ...taskOf(), purpose: '<b>common</b> customers' });
      const hash = await site.waiting();
      const page = await context.newPage();
      const faults: string[] = [];
      page.on('console', (message) => faults.push(message.text()));
      page.on('pageerror', (error) => faults.push(String(error)));

      await page.goto(new URL('/', served.link).href);
      faults.push(...(await faultsOf(page, 'sign-in')));
      await page.goto('about:blank');
      await page.goto(served.link);
      await page.getByRole('heading', { name: 'Approvals of alice' }).waitFor();
      expect(await page.evaluate('document.cookie')).toBe('');
      expect(page.url()).not.toContain('once');
      faults.push(...(await faultsOf(page, 'list')));

      await page.getByRole('link', { name: 'Private set intersection (psi): alice, bob' }).press('Enter');
      await page.getByText('"<b>common</b> customers"').waitFor();
      faults.push(...(await faultsOf(page, 'task')));
      await page.getByRole('link', { name: '中文' }).press('Enter');
      await page.getByRole('button', { name: '接受正在等待的 1 次运行' }).press('Enter');
      await page.getByText('您已接受').first().waitFor();
      expect(site.store.decided({ hash, run: RUN })).toMatchObject({ decision: 'accept', again: false });
      await page.getByRole('checkbox', { name: '我接受这里没有人查看的运行。' }).press('Space');
      await page.getByRole('button', { name: '今后的每次运行也接受' }).press('Enter');
      await page.getByText('今后的每次运行都已接受').first().waitFor();
      expect(site.store.decided({ hash, run: RUN })).toMatchObject({ decision: 'accept', again: true });
      await page.emulateMedia({ colorScheme: 'dark' });
      faults.push(...(await faultsOf(page, 'decided')));
      expect(faults).toEqual([]);

      const second = await context.newPage();
      await second.goto(served.link);
      await second.getByText('was used').waitFor();
    } finally {
      await context.close();
      await served.close();
      await site.close();
      await rm(work, { recursive: true, force: true });
    }
  });
});
