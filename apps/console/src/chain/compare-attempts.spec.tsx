/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import '../i18n.js';
import { CompareAttempts } from './compare-attempts.js';

afterEach(cleanup);

const at = (second: number) => `2026-11-29T10:00:${String(second).padStart(2, '0')}.000Z`;
const attempt = (number: number, seconds: readonly number[], more: object) => ({
  ...{ attempt: number, run_id: `run-${number}`, worker_id: 'w-1', outcome: 'FAILURE' as const, error: null },
  ...{ queued_at: at(seconds[0]!), started_at: at(seconds[1]!), finished_at: at(seconds[2]!) },
  ...more,
});
const ERROR = { code: 'NO_LUCK', message: 'try again' };
const ATTEMPTS = [
  attempt(1, [0, 1, 6], { error: { ...ERROR, details: { n: 1 } } }),
  attempt(2, [10, 11, 13], { error: { ...ERROR, details: { n: 2 } } }),
  attempt(3, [20, 24, 25], { outcome: 'SUCCESS' as const, worker_id: 'w-2' }),
];
const rows = () => screen.getAllByRole('row').map((row) => [...row.children].map((cell) => cell.textContent.trim()));
const differing = () => rows().flatMap(([name]) => (name!.endsWith('differs') ? [name!.split(' ')[0]] : []));

test('the last two stand side by side, and any others that are chosen', async () => {
  const user = userEvent.setup();
  render(<CompareAttempts of={ATTEMPTS} />);
  expect(differing()).toEqual(['State', 'Worker', 'Code', 'Error', 'Details']);
  expect(rows()).toContainEqual(['Queued', '1.0\u00a0s', '4.0\u00a0s (+3.0\u00a0s)']);
  expect(rows()).toContainEqual(['Ran', '2.0\u00a0s', '1.0\u00a0s (−1.0\u00a0s)']);
  await user.click(screen.getByRole('combobox', { name: 'Second attempt' }));
  await user.click(await screen.findByTitle('Attempt 1'));
  expect(rows()[0]).toEqual(['What', 'Attempt 2', 'Attempt 1']);
  expect(differing()).toEqual(['Details']);
});

test('one attempt is compared with nothing, and what is not known has no difference', () => {
  const { container, rerender } = render(<CompareAttempts of={ATTEMPTS.slice(0, 1)} />);
  expect(container.textContent).toBe('');
  const running = { ...ATTEMPTS[1]!, started_at: null, finished_at: null };
  rerender(<CompareAttempts of={[ATTEMPTS[0]!, running]} />);
  expect(rows()).toContainEqual(['Queued', '1.0\u00a0s', '–']);
  rerender(<CompareAttempts of={[running, ATTEMPTS[2]!]} />);
  expect(rows()).toContainEqual(['Queued', '–', '4.0\u00a0s']);
});
