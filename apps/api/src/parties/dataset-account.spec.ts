import { expect, test } from '@jest/globals';
import { accountDto } from './dataset-account.js';

const dataset = { party: 'bank-a', name: 'customers', kept_at: 'worker' } as const;
const none = { types: [], bits: {}, sums: {}, epsilon: 0 };

test('what steps made of a dataset counts against each column, and the fullest one decides', () => {
  const types = [
    { task_type: 'psi', openings: 2, last_opened_at: '2026-11-30T00:00:00.000Z' },
    { task_type: 'ss_lr', openings: 1, last_opened_at: '2026-11-29T00:00:00.000Z' },
  ];
  const opened = { types, bits: { age: 40, label: 90, '*': 15 }, sums: { b: 60, c: 75 }, epsilon: 0.3 };
  const policy = { expires_at: '2999-01-01T00:00:00Z', budget: { bits: 200, sums: 70, epsilon: 0.4 } };
  expect(accountDto(dataset, opened, policy, true)).toEqual({
    ...dataset,
    openings: 3,
    by_task_type: types,
    policy_expires_at: policy.expires_at,
    budgets: [
      { kind: 'bits', limit: 200, opened: 105, left: 95, of: 'label' },
      { kind: 'sums', limit: 70, opened: 75, left: 0, of: 'c' },
      { kind: 'epsilon', limit: 0.4, opened: 0.3, left: 0.1, of: null },
    ],
  });
});

test('an admin of no party reads no column, and without a policy nothing is said to be left', () => {
  const [bits] = accountDto(dataset, { ...none, bits: { label: 9 } }, undefined, false).budgets;
  expect(bits).toEqual({ kind: 'bits', limit: null, opened: 9, left: null, of: null });
  const [derived] = accountDto(dataset, { ...none, bits: { '*': 7 } }, undefined, true).budgets;
  expect(derived).toMatchObject({ opened: 7, of: '*' });
  expect(accountDto(dataset, none, undefined, true)).toMatchObject({ openings: 0, budgets: [{ of: null }, {}, {}] });
});
