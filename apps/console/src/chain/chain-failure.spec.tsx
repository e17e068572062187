/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import '../i18n.js';
import { ChainFailure } from './chain-failure.js';

afterEach(cleanup);

const TASKS = ['predict', 'substitution', 'aggregate', 'federated_training', 'script', 'encrypt'].map((type) => ({
  task_id: `the ${type}`,
  task_type: type,
}));

/** What is said of a chain that failed by the failure of a task of this type, beside the message. */
async function saidOf(code: string, type: string): Promise<string[]> {
  const error = { code, message: 'as it was', details: { task_id: `the ${type}` } };
  render(
    <QueryClientProvider client={new QueryClient()}>
      <ChainFailure of={error} tasks={TASKS} />
      <ChainFailure of={{ code: 'TASK_ERROR', message: 'of any' }} tasks={[]} />
    </QueryClientProvider>,
  );
  // The words are there once those of the second one are.
  await screen.findByText(/What to do: Look at the worker's log/);
  const [alert] = screen.getAllByRole('alert');
  const [message, ...said] = [...alert!.querySelectorAll('p')].map((each) => each.textContent.trim());
  expect(message).toBe('as it was');
  cleanup();
  return said;
}

test('what to do is said of the type of the task that failed, never of another one', async () => {
  expect(await saidOf('GROUP_TOO_SMALL', 'predict')).toEqual([expect.stringMatching(/Predict at least 20 rows/)]);
  expect(await saidOf('GROUP_TOO_SMALL', 'substitution')).toEqual([expect.stringMatching(/unseen to missing/)]);
  expect(await saidOf('GROUP_TOO_SMALL', 'script')).toEqual([]);
});

test('each cause of a code is said, where the type has more than one', async () => {
  const [few, lost] = [/train tasks of enough parties/, /^A party was lost.* What to do: /];
  expect(await saidOf('MIN_PARTIES_NOT_MET', 'aggregate')).toEqual([
    expect.stringMatching(few),
    expect.stringMatching(lost),
  ]);
  expect(await saidOf('MIN_PARTIES_NOT_MET', 'federated_training')).toEqual([expect.stringMatching(lost)]);
});

test('of a type of which nothing is said apart, what holds of any is said, or what all entries say', async () => {
  expect(await saidOf('PARTY_LOST', 'encrypt')).toEqual([expect.stringMatching(/memory and log/)]);
  expect(await saidOf('BAD_RECIPIENT', 'script')).toHaveLength(1);
});
