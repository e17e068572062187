/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import i18n from 'i18next';
import '../i18n.js';
import { api } from '../api.js';
import { SignInPage } from './sign-in.js';

const { getSignInWays } = api;
afterEach(async () => {
  cleanup();
  history.replaceState(null, '', '/');
  Object.assign(api, { getSignInWays });
  await i18n.changeLanguage('en');
});

const START = 'https://chains.example.org/api/v1/session/oidc';
const shown = (oidc: object | null, failure?: string) => {
  api.getSignInWays = () => Promise.resolve({ oidc }) as never;
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={client}>
      <SignInPage before={undefined} failure={failure} />
    </QueryClientProvider>,
  );
  return client;
};

test('leads to the provider where one is set up, and says where it comes back', async () => {
  history.replaceState(null, '', '/chains?status=FAILURE');
  shown({ start_url: START, sign_out_url: `${START}/sign-out` });
  const way = await screen.findByRole('link', { name: 'Sign in with your organisation' });
  expect(way.getAttribute('href')).toBe(`${START}?return=%2Fchains%3Fstatus%3DFAILURE`);
});

test('has the field for a key alone where none is', async () => {
  const client = shown(null);
  await waitFor(() => expect(client.getQueryState(['ways'])?.status).toBe('success'));
  expect(screen.getByLabelText('API key or token')).toBeTruthy();
  expect(screen.queryByRole('link')).toBeNull();
});

test('says of each failure what to do, in both languages, and nothing that an address wrote', async () => {
  const texts = new Set<string>();
  const failures = 'lost used answer clock refused setup issuer-down unavailable no-role no-tenant no-party'.split(' ');
  for (const language of ['en', 'zh']) {
    await i18n.changeLanguage(language);
    for (const failure of [...failures, 'call-0900-evil']) {
      shown(null, failure);
      const text = (await screen.findByRole('alert')).textContent;
      expect(text).not.toMatch(/signIn\.|evil/);
      texts.add(text);
      cleanup();
    }
  }
  expect(texts.size).toBe(2 * (failures.length + 1));
});
