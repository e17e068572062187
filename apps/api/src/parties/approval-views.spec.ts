import { expect, test } from '@jest/globals';
import { approvalDtos } from './approval-views.js';

/** A task that asks party a. */
const ASKS = {
  ...{ chain_id: 'c', task_id: 't', task_type: 'psi', status: 'RETRYING' },
  ...{ asking: 'a', reasons: 'why', approvals: 'server', asked_at: '2026-01-01T00:00:00Z' },
};

test('an approval that has expired is no decision, and a refusal stays one', async () => {
  const hash = `sha256:${'0'.repeat(64)}`;
  const row = {
    ...ASKS,
    params: { sf_init_config: { parties: ['a'] } },
    consent: { hash, by_admin: false, from: {} },
  };
  const expires_at = '2026-01-02T00:00:00Z';
  const decisionAt = async (decision: string, now: string) => {
    const body = { kind: 'approval', party: 'a', task: hash, decision, expires_at };
    return (await approvalDtos([row], undefined, async () => [{ body, signed: null }], Date.parse(now)))[0]!.decision;
  };
  expect(await decisionAt('approve', '2026-01-01T23:59:59Z')).toBe('approve');
  expect(await decisionAt('approve', expires_at)).toBeNull();
  for (const taken of ['refuse', 'withdraw']) expect(await decisionAt(taken, '2027-01-01T00:00:00Z')).toBe(taken);
});

test('a task says which whole it is part of, and signs that where it is not its own chain', async () => {
  const row = (origin?: string) => ({
    ...ASKS,
    ...{ chain_id: 'chain-1', asking: null, reasons: null, approvals: null },
    params: { sf_init_config: { parties: ['a'] } },
    consent: { hash: 'h', by_admin: false, from: {}, ...(origin !== undefined && { origin }) },
  });
  const shown = await approvalDtos([row(), row('schedule:schedule-1')], undefined, async () => []);
  expect(shown.map(({ origin, task }) => [origin, (task as { origin?: string }).origin])).toEqual([
    ['chain:chain-1', undefined],
    ['schedule:schedule-1', 'schedule:schedule-1'],
  ]);
});

test('an approval says who stands for it, how its owner decides, and which of its datasets are named', async () => {
  const row = {
    ...ASKS,
    params: {
      sf_init_config: { parties: ['a', 'b'] },
      task_config: { input_paths: { a: 'dataset:a/x@1', b: 'dataset:b/y@1' } },
    },
    consent: { hash: 'h', by_admin: false, from: {} },
  };
  const statement = (party: string, signed: string | null) => ({
    body: { kind: 'approval', party, task: 'h', decision: 'approve', expires_at: '2999-01-01T00:00:00Z' },
    signed,
  });
  const shown = await approvalDtos([row], undefined, async () => [statement('a', null), statement('b', 'e.y.z')]);
  expect(shown).toMatchObject([
    { party: 'a', approvals: 'server', asked_at: ASKS.asked_at, signed_by: 'server', datasets: ['dataset:a/x@1'] },
    { party: 'b', approvals: null, asked_at: null, signed_by: 'signature', datasets: ['dataset:b/y@1'] },
  ]);
});
