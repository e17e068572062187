import { expect, test } from '@jest/globals';
import { approvalDtos } from './approval-views.js';

test('an approval that has expired is no decision, and a refusal stays one', async () => {
  const hash = `sha256:${'0'.repeat(64)}`;
  const row = {
    ...{ chain_id: 'c', task_id: 't', task_type: 'psi', status: 'RETRYING', asking: 'a', reasons: 'why' },
    params: { sf_init_config: { parties: ['a'] } },
    consent: { hash, by_admin: false, from: {} },
  };
  const expires_at = '2026-01-02T00:00:00Z';
  const decisionAt = async (decision: string, now: string) => {
    const body = { kind: 'approval', party: 'a', task: hash, decision, expires_at };
    return (await approvalDtos([row], undefined, async () => [{ body }], Date.parse(now)))[0]!.decision;
  };
  expect(await decisionAt('approve', '2026-01-01T23:59:59Z')).toBe('approve');
  expect(await decisionAt('approve', expires_at)).toBeNull();
  for (const taken of ['refuse', 'withdraw']) expect(await decisionAt(taken, '2027-01-01T00:00:00Z')).toBe(taken);
});

test('a task says which whole it is part of, and signs that where it is not its own chain', async () => {
  const row = (origin?: string) => ({
    ...{ chain_id: 'chain-1', task_id: 't', task_type: 'psi', status: 'RETRYING', asking: null, reasons: null },
    params: { sf_init_config: { parties: ['a'] } },
    consent: { hash: 'h', by_admin: false, from: {}, ...(origin !== undefined && { origin }) },
  });
  const shown = await approvalDtos([row(), row('schedule:schedule-1')], undefined, async () => []);
  expect(shown.map(({ origin, task }) => [origin, (task as { origin?: string }).origin])).toEqual([
    ['chain:chain-1', undefined],
    ['schedule:schedule-1', 'schedule:schedule-1'],
  ]);
});
