import { expect } from '@jest/globals';
import { describeSystem, task, type ChainAnswer, type ProblemAnswer } from './system/index.js';

type Whole = ChainAnswer & { outputs: Record<string, unknown> | null };

const body = {
  chain_name: 'a function',
  params: {
    type: 'object',
    required: ['result'],
    properties: { result: { type: 'object' }, wait: { type: 'integer', default: 0 } },
  },
  outputs: {
    n: '${tasks.first.result.result.n}',
    text: '${tasks.last.result.result}',
    none: '${tasks.last.result.missing}',
  },
  tasks: [
    task('first', { result: '${params.result}', delay_ms: '${params.wait}' }),
    task('last', { result: 'n is ${tasks.first.result.result.n} of ${params.result.n}' }, { depends_on: ['first'] }),
  ],
  execute: true,
};

describeSystem('a chain with parameters', 'postgres', {}, (check) => {
  check('runs as if it were written out, and gives its outputs once it has ended', async ({ api }) => {
    const waiting = await api.expect<{ chain_id: string }>(201, '/chains', {
      method: 'POST',
      body: { ...body, execute: false, args: { result: { n: 7 } } },
    });
    expect((await api.expect<Whole>(200, `/chains/${waiting.chain_id}`)).outputs).toBe(null);
    const id = await api.start({ ...body, args: { result: { n: 7 } } });
    await api.ended(id);
    const outputs = { n: 7, text: 'n is 7 of 7', none: null };
    expect(await api.expect<Whole>(200, `/chains/${id}`)).toMatchObject({ status: 'SUCCESS', outputs });
    expect(await api.expect<object>(200, `/chains/${id}?view=summary`)).not.toHaveProperty('outputs');
    expect(await api.expect<object>(200, `/chains/${id}?fields=outputs`)).toEqual({ chain_id: id, outputs });
    const shown = await api.expect<{ params: object }>(200, `/chains/${id}/tasks/first`);
    expect(shown.params).toEqual({ task_config: { result: { n: 7 }, delay_ms: 0 } });
  });

  check('is refused with the places of all faults, and replayed by its key', async ({ api }) => {
    const answer = await api.call<ProblemAnswer>('/chains', {
      method: 'POST',
      body: { ...body, args: { wait: 'soon' } },
    });
    expect(answer.status).toBe(400);
    expect(answer.body.errors?.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual([
      'REQUIRED /args/result',
      'INVALID_TYPE /args/wait',
    ]);
    const request = (n: number) =>
      api.call<{ chain_id: string }>('/chains', {
        method: 'POST',
        body: { ...body, args: { result: { n } } },
        headers: { 'idempotency-key': 'a-function' },
      });
    const first = await request(1);
    expect((await request(1)).body.chain_id).toBe(first.body.chain_id);
    expect((await request(2)).status).toBe(422);
  });
});
