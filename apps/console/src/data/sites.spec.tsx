/** @jest-environment jsdom */
import { afterEach, expect, jest, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import type { NodeDto } from '#client';
import '../i18n.js';
import { api } from '../api.js';
import { Sites } from './sites.js';

const { listNodes, revokeNode } = api;
afterEach(() => {
  cleanup();
  Object.assign(api, { listNodes, revokeNode });
});

const SITE: NodeDto = {
  ...{ party: 'bank-a', dealer: false, fingerprint: 'sha256:a', joined_at: '2026-01-01T00:00:00Z', connected: true },
  ...{ expires_at: '2999-01-01T00:00:00Z', revoked_at: null, last_seen_at: '2026-01-02T00:00:00Z' },
  ...{ protocol_version: 1, software_version: '1.0.0', round_trip_ms: 41.5 },
};
function shown(items: readonly NodeDto[]) {
  Object.assign(api, { listNodes: async () => ({ items }) });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <MemoryRouter>
        <Sites />
      </MemoryRouter>
    </QueryClientProvider>,
  );
}

test('says of each site whether it is there, and what to do', async () => {
  shown([
    SITE,
    { ...SITE, fingerprint: 'b', connected: false },
    { ...SITE, fingerprint: 'c', connected: false, expires_at: '2020-01-01T00:00:00Z' },
    // Whatever else holds: who is revoked is out.
    { ...SITE, fingerprint: 'd', dealer: true, revoked_at: '2026-01-03T00:00:00Z', expires_at: '2020-01-01T00:00:00Z' },
  ]);
  const rows = (await screen.findAllByRole('row')).slice(1);
  expect(rows.map((row) => row.querySelector('.status')?.textContent)).toEqual([
    ...['✓ Connected', '✗ Not connected', '✗ Certificate expired', '■ Revoked'],
  ]);
  expect(rows.map((row) => row.querySelector('.dim.block')?.textContent)).toEqual([
    'Its tasks run there.',
    expect.stringMatching(/^Its tasks wait\. Look whether task-chain-node runs/),
    expect.stringMatching(/Revoke the site, and invite it anew\.$/),
    expect.stringMatching(/^Its key can never join again/),
  ]);
  expect(rows[3]!.textContent).toMatch(/^bank-a \(dealer\)/);
});

test('says so once a certificate expires while the page is open', async () => {
  jest.useFakeTimers({ now: new Date('2026-01-03T00:00:00Z') });
  try {
    shown([{ ...SITE, connected: false, expires_at: '2026-01-03T00:00:01Z' }]);
    await act(() => jest.advanceTimersByTimeAsync(500));
    expect(screen.getByText('Not connected')).toBeTruthy();
    await act(() => jest.advanceTimersByTimeAsync(2_000));
    expect(screen.getByText('Certificate expired')).toBeTruthy();
  } finally {
    jest.useRealTimers();
  }
});

test('revokes one that is shown before it is confirmed, and no other that has taken its place', async () => {
  shown([SITE, { ...SITE, party: 'bank-b', fingerprint: 'gone', revoked_at: '2026-01-03T00:00:00Z' }]);
  const asked: unknown[] = [];
  let node = { ...SITE, fingerprint: 'other' };
  const revoke = async ({ path, query }: { path: object; query: { dry_run?: boolean } }) => {
    asked.push({ ...path, ...query });
    return { dry_run: query.dry_run === true, node };
  };
  Object.assign(api, { revokeNode: revoke });
  const open = async () => fireEvent.click((await screen.findAllByText('Revoke'))[0]!);
  const button = () => screen.getAllByText('Revoke').at(-1)!.closest('button')!;
  await open();
  await screen.findByText(/^The party has another site by now/);
  expect(button().disabled).toBe(true);
  fireEvent.click(screen.getByText('Back'));

  node = SITE;
  await waitFor(() => expect(screen.queryByText(/another site by now/)).toBeNull());
  await open();
  await screen.findByText(/^Within a minute it is cut off/);
  fireEvent.click(button());
  const preview = { party: 'bank-a', dry_run: true };
  await waitFor(() => expect(asked).toEqual([preview, preview, { party: 'bank-a', confirm: 'bank-a' }]));
});

test('without one it says how a party joins', async () => {
  shown([]);
  await screen.findByText(/^No party has its own site yet/);
  expect(screen.getByText('task-chain parties invite <party> --out invitation.txt')).toBeTruthy();
});
