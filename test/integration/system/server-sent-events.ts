import { SIGNED } from './api-client.js';

/** One event of a stream. */
export interface ServerSentEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: Record<string, unknown>;
}

/** A chain's live events, until it ends, the caller has seen enough (`return`), or the API breaks off. */
export async function* liveEvents(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): AsyncGenerator<ServerSentEvent> {
  const cut = new AbortController();
  const response = await fetch(url, {
    headers: { ...SIGNED, accept: 'text/event-stream', ...headers },
    signal: cut.signal,
  });
  if (!response.ok || !response.headers.get('content-type')?.startsWith('text/event-stream'))
    throw new Error(`${url} answered ${response.status} ${response.headers.get('content-type')}`);
  try {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) {
      rest += decoder.decode(chunk as Uint8Array, { stream: true });
      const blocks = rest.split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) {
        const fields = new Map(block.split('\n').map((row) => row.split(/: ?(.*)/s, 2) as [string, string]));
        const event = fields.get('event');
        if (event === undefined) continue;
        yield { event, id: fields.get('id'), data: JSON.parse(fields.get('data')!) as Record<string, unknown> };
      }
    }
  } finally {
    cut.abort();
  }
}
