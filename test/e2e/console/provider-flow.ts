import { expect } from '@jest/globals';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { TestProvider } from '#libs/testing';
import { chain, line, type SystemUnderTest } from '../../integration/system/index.js';
import { expectAccessible, type Window } from './console-browser.js';

/** Starts the API again where it was, so that people sign in at a provider, which the caller closes. */
export async function restartWithProvider(running: SystemUnderTest): Promise<TestProvider> {
  const { url } = running.api;
  const provider = await TestProvider.start(url);
  await running.startApp('api', { PORT: new URL(url).port, PUBLIC_URL: url, ...provider.settings() });
  return provider;
}

/** Signs in at the provider from the page of a chain, and out again under another tab. */
export async function providerFlow(
  open: (path: string, options?: BrowserContextOptions) => Promise<Window>,
  { api }: SystemUnderTest,
  provider: TestProvider,
): Promise<void> {
  provider.accounts.set('ann', { roles: ['operator'], name: '<img src=x onerror="document.title=1">' });
  provider.accounts.set('bob', { roles: ['guest'] });
  const id = await api.create({ ...chain(line(2)), chain_name: 'of ann' });
  const path = `/chains/${id}?view=table`;
  const { page, faults } = await open(path);
  const atProvider = async (account: string) => {
    await page.getByRole('link', { name: 'Sign in with your organisation' }).click();
    await page.getByLabel('Account').fill(account);
    await page.getByRole('button', { name: 'Continue' }).click();
  };
  await atProvider('bob');
  await page.getByText('Your account has no role here').waitFor();
  expect(page.url()).toBe(api.url + path);
  await expectAccessible({ page, faults: [] }, 'sign-in-at-a-provider');
  await page.context().clearCookies({ domain: 'localhost' });
  await atProvider('ann');
  await page.getByRole('heading', { name: 'of ann' }).waitFor();
  expect(page.url()).toBe(api.url + path);
  // The one of the way there is gone, and no script reads the other.
  const cookies = await page.context().cookies(api.url);
  expect(cookies).toMatchObject([{ name: 'task_chain_session', httpOnly: true, sameSite: 'Strict' }]);
  expect(await page.evaluate('document.cookie')).toBe('');

  const other = await page.context().newPage();
  const streamed = streamOf(other, 'request');
  await other.goto(api.url + path);
  await other.getByRole('heading', { name: 'of ann' }).waitFor();
  await streamed;
  const ended = Promise.race([streamOf(other, 'requestfinished'), streamOf(other, 'requestfailed')]);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Yes, sign me out' }).click();
  await page.waitForURL(`${api.url}/sign-in`);
  await ended;
  await other.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await page.context().cookies(api.url)).toEqual([]);
  expect(faults.filter((fault) => !fault.startsWith(provider.url))).toEqual([]);
  expect(await page.title()).not.toBe('1');
  await page.context().close();
}

const streamOf = (page: Page, what: 'request' | 'requestfinished' | 'requestfailed') =>
  page.waitForEvent(what as 'request', { predicate: (request) => request.url().endsWith('/events') });
