import { expect, it } from '@jest/globals';
import { EXIT } from '../exit-codes.js';
import { fakeApi } from '../fake-api-for-tests.js';

const at = '2026-01-31T12:00:00.000Z';
const signal = {
  ...{ signal_id: 'signal-1', name: 'file-arrived', key: 'a', payload: { n: 1 }, status: 'DELIVERED', reason: null },
  ...{ created_at: at, created_by: 'key:k', expires_at: at, settled_at: at, chain_id: 'chain-1', task_id: 't' },
};
const { asked, run } = fakeApi({
  'POST /signals': { ...signal, status: 'STORED' },
  'GET /signals': { items: [signal], has_more: false },
  'GET /signals/signal-1': signal,
});

it('sends signals, lists them and shows one', async () => {
  const sent = await run(['signals', 'send', 'file-arrived', 'a', '-f', '-', '--expires-in', '60'], {
    stdin: '{"n": 1}',
  });
  expect([sent.exit, sent.stdout]).toEqual([EXIT.OK, 'signal-1 is stored for its task.\n']);
  expect(asked.at(-1)?.[1]).toEqual({ name: 'file-arrived', key: 'a', payload: { n: 1 }, expires_in: 60 });
  expect((await run(['signals', 'send', 'file-arrived', 'a'])).exit).toBe(EXIT.OK);
  expect(asked.at(-1)?.[1]).toEqual({ name: 'file-arrived', key: 'a' });
  expect((await run(['signals', 'ls', '--status', 'DELIVERED'])).stdout).toMatch(
    /signal-1 +file-arrived +a +DELIVERED/,
  );
  expect((await run(['signals', 'show', 'signal-1'])).stdout).toContain('{"n":1}');
});
