/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, configure, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { App } from 'antd';
import { MemoryRouter } from 'react-router';
import './i18n.js';
import { ProblemError } from '#client';
import { api } from './api.js';

// The page is drawn piece by piece, between which time passes.
configure({ asyncUtilTimeout: 20_000 });

// The address is read as the page opens.
history.replaceState(null, '', '/chains#sign-in=no-role');
const { Shell } = await import('./shell.js');

const { getSession, getSignInWays, createSession, deleteSession } = api;
afterEach(() => {
  cleanup();
  Object.assign(api, { getSession, getSignInWays, createSession, deleteSession });
});

const ANN = { actor: 'oidc:ann', role: 'operator', tenant: 'default', party: null, expires_at: null };
/** The console at a page that asks nothing. */
const shown = (asked: object) => {
  Object.assign(api, asked);
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <App>
      <QueryClientProvider client={client}>
        <MemoryRouter initialEntries={['/not-a-page']}>
          <Shell look={{ isDark: false, toggle: () => undefined }} />
        </MemoryRouter>
      </QueryClientProvider>
    </App>,
  );
  return client;
};

test('says why the sign-in at the provider failed, and no more once somebody was signed in; the next one finds nothing of theirs', async () => {
  const client = shown({
    getSession: () => Promise.reject(new ProblemError(401, {}, undefined)),
    getSignInWays: () => Promise.resolve({ oidc: null }),
    createSession: () => Promise.resolve({ ...ANN, actor: 'key:bob' }),
  });
  expect((await screen.findByRole('alert')).textContent).toContain('Your account has no role here');
  expect(location.hash).toBe('');
  act(() => void client.setQueryData(['session'], ANN));
  await screen.findByRole('button', { name: 'Sign out' });
  // As where the session has expired.
  act(() => void client.setQueryData(['session'], null));
  const field = await screen.findByLabelText('API key or token');
  expect(screen.queryByRole('alert')).toBeNull();
  // Whoever signs in then finds nothing of what the one before was answered.
  client.setQueryData(['keys'], 'of ann');
  fireEvent.change(field, { target: { value: 'key of bob' } });
  fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  await screen.findByRole('button', { name: 'Sign out' });
  expect(client.getQueryData(['keys'])).toBeUndefined();
});

test('ends no session before it knows how to end the one at the provider', async () => {
  const asked: string[] = [];
  let answer: () => Promise<object> = () => Promise.reject(new Error('no answer'));
  shown({
    getSession: () => Promise.resolve(ANN),
    getSignInWays: () => {
      asked.push('ways');
      return answer();
    },
    deleteSession: () => Promise.resolve(void asked.push('end')),
  });
  fireEvent.click(await screen.findByRole('button', { name: 'Sign out' }));
  await screen.findByText('The server cannot be reached');
  expect(asked).toEqual(['ways']);
  answer = () => Promise.resolve({ oidc: null });
  fireEvent.click(screen.getByRole('button', { name: 'Sign out' }));
  await screen.findByLabelText('API key or token');
  await waitFor(() => expect(asked.slice(0, 3)).toEqual(['ways', 'ways', 'end']));
});
