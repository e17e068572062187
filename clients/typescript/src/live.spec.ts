import { describe, expect, it } from '@jest/globals';
import { ConnectionError, ProblemError } from './errors.js';
import { follow, type OpenStream } from './live.js';

/** Streams of these texts, one for each time that it is opened; an Error is thrown in place of one. */
function streamsOf(...parts: (string[] | Error)[]): { open: OpenStream; asked: (string | undefined)[] } {
  const asked: (string | undefined)[] = [];
  const open: OpenStream = async (lastEventId, signal) => {
    asked.push(lastEventId);
    const part = parts.shift();
    if (part instanceof Error) throw part;
    const bytes = (part ?? []).map((text) => new TextEncoder().encode(text));
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        const next = bytes.shift();
        if (next !== undefined) controller.enqueue(next);
        else if (part !== undefined) controller.close();
        else signal.addEventListener('abort', () => controller.error(signal.reason));
      },
    });
  };
  return { open, asked };
}

async function take(open: OpenStream, count: number, options = {}) {
  const taken: unknown[] = [];
  for await (const { event, data } of follow(open, options)) {
    taken.push([event, data]);
    if (taken.length === count) break;
  }
  return taken;
}

describe('following a stream', () => {
  it('goes on after the last event that came whole', async () => {
    const { open, asked } = streamsOf(
      ['retry: 1000\n\nevent: task\nda', 'ta: {"n":"é"}\n\nevent: chain\nid: 4\ndata: 1\n\n', 'event: chain\nid: 5\n'],
      new ConnectionError('out of reach'),
      ['event: chain\nid: 5\ndata: 2\n\n'],
    );
    expect(await take(open, 3)).toEqual([
      ['task', { n: 'é' }],
      ['chain', 1],
      ['chain', 2],
    ]);
    expect(asked).toEqual([undefined, '4', '4']);
  });

  it('knows the place that a sign of life tells', async () => {
    const { open, asked } = streamsOf([': still here\nid: 17\n\n'], ['event: event\nid: 18\ndata: 0\n\n']);
    expect(await take(open, 1, { lastEventId: '9' })).toEqual([['event', 0]]);
    expect(asked).toEqual(['9', '17']);
  });

  it('reads characters that are cut apart', async () => {
    const bytes = new TextEncoder().encode('event: e\ndata: "链"\n\n');
    const open: OpenStream = async () =>
      new ReadableStream({
        start(controller) {
          for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        },
      });
    expect(await take(open, 1)).toEqual([['e', '链']]);
  });

  it('throws a refusal, and what is out of reach for too long', async () => {
    const refusal = new ProblemError(404, { code: 'CHAIN_NOT_FOUND' }, undefined);
    await expect(take(streamsOf(refusal).open, 1)).rejects.toBe(refusal);
    const gone = new ConnectionError('out of reach');
    await expect(take(streamsOf(gone, gone, gone).open, 1, { giveUpAfterMs: 100 })).rejects.toBe(gone);
    const passing = new ProblemError(503, {}, undefined);
    expect(await take(streamsOf(passing, ['data: 1\n\n']).open, 1)).toEqual([['message', 1]]);
  });

  it('ends when its signal is aborted, in a read and between two', async () => {
    const deaf = { open: async () => new ReadableStream<Uint8Array>() };
    for (const streams of [deaf, streamsOf(), streamsOf(new ConnectionError('x'), new ConnectionError('x'))]) {
      const abort = new AbortController();
      const reason = new Error('enough');
      setTimeout(() => abort.abort(reason), 20);
      await expect(take(streams.open, 1, { signal: abort.signal })).rejects.toBe(reason);
    }
  });
});
