import { describe, it } from 'node:test';
import { expect } from 'expect';
import { TaskChainClient } from './task-chain-client.js';

describe('waiting for a chain', () => {
  it('has no limit above what a timer can hold', async ({ mock }) => {
    const limits = mock.method(AbortSignal, 'timeout', () => AbortSignal.abort());
    const client = new TaskChainClient({
      baseUrl: 'http://server',
      fetch: async (input) => {
        const request = new Request(input);
        if (!request.headers.get('accept')?.includes('text/event-stream')) return Response.json({ status: 'SUCCESS' });
        const end = 'event: end\nid: 1\ndata: {"chain_id":"c","status":"SUCCESS"}\n\n';
        return new Response(end, { headers: { 'Content-Type': 'text/event-stream' } });
      },
    });
    for (const timeoutMs of [2 ** 31, Infinity])
      expect(await client.waitForChain('c', { timeoutMs })).toEqual({ status: 'SUCCESS' });
    expect(limits.mock.callCount()).toBe(0);
    await expect(client.waitForChain('c', { timeoutMs: 2 ** 31 - 1 })).rejects.toThrow(/after 2147483/);
  });
});
