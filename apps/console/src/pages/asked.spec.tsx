/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { MemoryRouter } from 'react-router';
import type { ApprovalDto, SessionDto } from '#client';
import i18next from 'i18next';
import '../i18n.js';
import { api } from '../api.js';
import { Approved } from './approved.js';
import { Asked } from './asked.js';

const { getDatasetAccount, listStatements, putStatement } = api;
afterEach(() => {
  cleanup();
  Object.assign(api, { getDatasetAccount, listStatements, putStatement });
});

const HASH = `sha256:${'a'.repeat(64)}`;
const ASKED: ApprovalDto = {
  ...{ chain_id: 'chain-1', task_id: 'match', task_type: 'psi', party: 'bank-a', origin: 'chain:chain-1', hash: HASH },
  ...{ task: { proposer: 'bank-b', purpose: 'risk' }, engine: 'native', leaves: 'Blinded keys.', status: 'RETRYING' },
  ...{ datasets: ['dataset:bank-a/customers@3'], approvals: 'signed', reasons: 'why', decision: null, signed_by: null },
  asked_at: '2026-01-01T12:00:00.000Z',
};
const session = (party: string | null, role = 'author') =>
  ({ actor: 'key:k', role, tenant: 'default', party, expires_at: null }) as SessionDto;

/** Shows a part of the page, and keeps what it states. */
function shown(part: ReactNode) {
  const stated: { path: { party: string }; body: { statement: Record<string, unknown> } }[] = [];
  const account = {
    ...{ party: 'bank-a', name: 'customers', openings: 5, policy_expires_at: '2999-01-01T00:00:00Z' },
    by_task_type: [{ task_type: 'psi', openings: 4, last_opened_at: '2026-11-29T00:00:00Z' }],
    budgets: [
      { kind: 'bits', limit: 200, opened: 105, left: 95, of: 'label' },
      { kind: 'sums', limit: null, opened: 0, left: null, of: null },
      { kind: 'epsilon', limit: null, opened: 0, left: null, of: null },
    ],
  };
  Object.assign(api, {
    getDatasetAccount: async () => account,
    putStatement: async (sent: (typeof stated)[number]) => void stated.push(sent),
  });
  render(
    <MemoryRouter>
      <QueryClientProvider client={new QueryClient()}>{part}</QueryClientProvider>
    </MemoryRouter>,
  );
  return stated;
}

test('says who asks, how often something was opened before, and what is left', async () => {
  shown(<Asked of={ASKED} session={session('bank-a')} />);
  expect(await screen.findByText('95 of 200 left; 105 opened. Most of: label.')).toBeTruthy();
  const account = screen.getByRole('region', { name: 'bank-a/customers' });
  expect(account.textContent).toContain('bank-a/customersOpened 5 times. 4 times by psi.');
  expect(screen.getByText('bank-b')).toBeTruthy();
  expect(document.querySelector('time')!.dateTime).toBe(ASKED.asked_at);
  expect(screen.getByText(`task-chain approvals approve chain-1 match --key ~/bank-a/bank-a.key`)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Approve' })).toBeNull();
  cleanup();
  // Shells take brackets for the name of a file.
  shown(<Asked of={{ ...ASKED, task_id: 'each[north]' }} session={session('bank-a')} />);
  expect(screen.getByText(`task-chain approvals show chain-1 'each[north]' --party bank-a`)).toBeTruthy();
});

test('who belongs to another party reads no account and decides nothing', () => {
  shown(<Asked of={{ ...ASKED, approvals: 'server' }} session={session('bank-b')} />);
  expect(screen.queryByRole('button')).toBeNull();
  expect(screen.getByText('Only people of the party and admins read what was opened of its data.')).toBeTruthy();
});

test.each(['viewer', 'operator'])('a %s of the party reads the account and decides nothing', async (role) => {
  shown(<Asked of={{ ...ASKED, approvals: 'server' }} session={session('bank-a', role)} />);
  expect(await screen.findByText('95 of 200 left; 105 opened. Most of: label.')).toBeTruthy();
  expect(screen.queryByRole('button')).toBeNull();
});

test('people of a party whose owner chose that approve this very task, and an admin only refuses', async () => {
  const server = { ...ASKED, approvals: 'server' as const };
  shown(<Asked of={server} session={session(null, 'admin')} />);
  expect(screen.getAllByRole('button').map(({ textContent }) => textContent)).toContain('Refuse');
  expect(screen.queryByRole('button', { name: 'Approve' })).toBeNull();
  cleanup();
  const stated = shown(<Asked of={server} session={session('bank-a')} />);
  fireEvent.click(screen.getByRole('button', { name: 'Approve' }));
  expect((await screen.findByRole('dialog')).textContent).toContain('nobody signed it');
  expect(stated).toEqual([]);
  fireEvent.click(screen.getAllByRole('button', { name: 'Approve' }).at(-1)!);
  await waitFor(() => expect(stated).toHaveLength(1));
  expect(stated[0]).toMatchObject({
    path: { party: 'bank-a' },
    body: {
      statement: {
        kind: 'approval',
        party: 'bank-a',
        chain_id: 'chain-1',
        task_id: 'match',
        task: HASH,
        decision: 'approve',
      },
    },
  });
});

test('lists the approvals that count, and a withdrawal replaces one', async () => {
  const later = Date.now() + 86_400_000;
  const body = (task_id: string, decision: string, expires_at: string) => ({
    ...{ kind: 'approval', party: 'bank-a', chain_id: 'chain-1', task_id, task: HASH, decision, expires_at },
    ...{ serial: later, issued_at: '2026-11-29T00:00:00Z' },
  });
  const items = [
    { body: body('match', 'approve', '2999-01-01T00:00:00Z'), signed: 'e.y.z' },
    { body: body('over', 'approve', '2020-01-01T00:00:00Z'), signed: null },
    { body: body('refused', 'refuse', '2999-01-01T00:00:00Z'), signed: null },
  ];
  Object.assign(api, { listStatements: async () => ({ items }) });
  const stated = shown(<Approved session={session('bank-a')} />);
  fireEvent.click(await screen.findByRole('button', { name: 'Withdraw' }));
  expect(screen.queryByText('over')).toBeNull();
  expect(screen.queryByText('refused')).toBeNull();
  expect((await screen.findByRole('dialog')).textContent).toContain('What runs ends within 5 s');
  fireEvent.click(screen.getAllByRole('button', { name: 'Withdraw' }).at(-1)!);
  await waitFor(() => expect(stated).toHaveLength(1));
  // The clock of who signed it may have been ahead.
  expect(stated[0]!.body.statement).toMatchObject({ decision: 'withdraw', task: HASH, serial: later + 1 });
});

test('says in Chinese why it asks and what leaves, and leaves what it does not know as it is', async () => {
  const said =
    'Party bank-a: customers: its policy has no rule for psi; none of ours "a; its policy asks a person; b"; it reads a file that is no dataset';
  const reasons = `${said}. The owner looks at it with "task-chain approvals ls" and decides.`;
  const leaves = 'Whatever the program sends.';
  await i18next.changeLanguage('zh');
  try {
    shown(<Asked of={{ ...ASKED, reasons, leaves }} session={session('bank-a')} />);
    await screen.findByText(
      'customers：策略没有针对 psi 的规则；none of ours "a; its policy asks a person; b"；任务读取的文件不是已登记的数据集。',
    );
    screen.getByText(leaves);
  } finally {
    await i18next.changeLanguage('en');
  }
});
