import { describe, expect, it, jest } from '@jest/globals';
import { TaskChainClient } from './task-chain-client.js';

describe('waiting for a chain', () => {
  it('has no limit above what a timer can hold', async () => {
    const limits = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort());
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
    expect(limits).not.toHaveBeenCalled();
    await expect(client.waitForChain('c', { timeoutMs: 2 ** 31 - 1 })).rejects.toThrow(/after 2147483/);
    limits.mockRestore();
  });
});
