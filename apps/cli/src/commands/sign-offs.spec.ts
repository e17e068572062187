import { expect, it } from '@jest/globals';
import { EXIT } from '../exit-codes.js';
import { fakeApi } from '../fake-api-for-tests.js';

const at = '2026-01-31T12:00:00.000Z';
const asks = {
  ...{
    chain_id: 'chain-375bfb25-0000-4000-8000-000000000000',
    chain_name: 'x',
    task_id: 'release',
    task_name: 'Release',
    attempt: 1,
    form: null,
  },
  ...{ question: 'May the scores be sent?', who: ['role:admin'], asked_at: at, expires_at: at, yours: true },
};
const { asked, run } = fakeApi({
  'GET /sign-offs': { items: [asks] },
  'POST /chains/chain-375bfb25-0000-4000-8000-000000000000/tasks/release/sign-off': {
    ...{
      chain_id: 'chain-375bfb25-0000-4000-8000-000000000000',
      dry_run: false,
      status: 'RUNNING',
      epoch: 1,
      tasks: [],
    },
  },
});

it('lists what asks the caller, and answers it', async () => {
  expect((await run(['sign-offs', 'ls', '--all'])).stdout).toMatch(
    /chain-375bfb25\S* +release +May the scores be sent\?/,
  );
  expect(asked.at(-1)?.[0]).toBe('GET /sign-offs?all=true');
  const approved = await run(
    ['sign-offs', 'approve', 'chain-375bfb25-0000-4000-8000-000000000000', 'release', '-f', '-', '--attempt', '2'],
    { stdin: '{"n": 1}' },
  );
  expect([approved.exit, approved.stdout]).toEqual([EXIT.OK, 'release is answered.\n']);
  expect(asked.at(-1)?.[1]).toEqual({ decision: 'approve', answer: { n: 1 }, attempt: 2 });
  expect((await run(['sign-offs', 'reject', 'chain-375bfb25-0000-4000-8000-000000000000', 'release'])).exit).toBe(
    EXIT.USAGE,
  );
  await run(['sign-offs', 'reject', 'chain-375bfb25-0000-4000-8000-000000000000', 'release', '--note', 'not yet']);
  expect(asked.at(-1)?.[1]).toEqual({ decision: 'reject', note: 'not yet' });
});
