import { createParser } from 'eventsource-parser';
import { ConnectionError, ProblemError, reasonOf } from './errors.js';
import { backoff, sleep } from './transport.js';

/** An event of a stream as it came; `data` is JSON. */
export interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

export interface FollowOptions {
  /** Ends the iteration by throwing its reason. */
  readonly signal?: AbortSignal;
  /** Goes on after this event. */
  readonly lastEventId?: string;
  /** The API is out of reach for so long before the last fault is thrown, ms. 300,000 where it is left out. */
  readonly giveUpAfterMs?: number;
}

/** Opens the stream after the event `lastEventId`: resolves with a `ReadableStream` of bytes, or null without a body. */
export type OpenStream = (lastEventId: string | undefined, signal: AbortSignal) => Promise<unknown>;

/** The API shows life each 15 s: a stream that is silent for this long is dead, whatever the socket says. */
const SILENT_MS = 45_000;
const LONGEST_DELAY_MS = 10_000;

/**
 * The events of a stream that goes on where it broke off (`Last-Event-ID`), for as long as the caller iterates: a restart
 * of the API, a lost connection and a silent one are not seen. A refusal (401, 404, …) is thrown.
 */
export async function* follow(open: OpenStream, options: FollowOptions = {}): AsyncGenerator<StreamEvent, never> {
  const { signal, giveUpAfterMs = 300_000 } = options;
  let { lastEventId } = options;
  let failures = 0;
  let lifeAt = Date.now();
  for (;;) {
    const cut = new AbortController();
    const stop = () => cut.abort(signal!.reason);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const stream = (await open(lastEventId, cut.signal)) as ReadableStream<Uint8Array> | null;
      if (stream === null) throw new ConnectionError('The answer has no body.');
      for await (const { events, id } of blocks(stream, cut.signal)) {
        failures = 0;
        yield* events;
        lastEventId = id ?? lastEventId;
        lifeAt = Date.now();
      }
    } catch (error) {
      signal?.throwIfAborted();
      const passing = error instanceof ProblemError ? error.status === 429 || error.status === 503 : isBreak(error);
      if (!passing || Date.now() - lifeAt > giveUpAfterMs) throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      cut.abort();
    }
    await sleep(Math.min(backoff(failures++), LONGEST_DELAY_MS), signal);
  }
}

const isBreak = (error: unknown): boolean => error instanceof ConnectionError || error instanceof TypeError;

/** What came whole, chunk by chunk: events, and the last id, which the API also sends without an event. */
async function* blocks(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<{ events: StreamEvent[]; id?: string }> {
  let events: StreamEvent[] = [];
  const parser = createParser({
    onEvent: ({ event = 'message', id, data }) => events.push({ event, id, data: JSON.parse(data) as unknown }),
  });
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await beforeSilence(reader.read(), signal);
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const end = rest.lastIndexOf('\n\n') + 2;
      if (end === 1) continue;
      const whole = rest.slice(0, end);
      rest = rest.slice(end);
      parser.feed(whole);
      // The parser drops an id that has no event with it. A line ends by \n alone here: to a regular expression U+2028 in data would end one, too.
      yield { events, id: [...whole.matchAll(/(?:^|\n)id: ?([^\n]*)/g)].at(-1)?.[1] };
      events = [];
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Rejects when nothing comes for long, or the signal is aborted: Node forgets to tell a body of that once its request was collected. */
async function beforeSilence<T>(read: Promise<T>, signal: AbortSignal): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stop = (): void => {};
  const over = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop);
    timer = setTimeout(() => reject(new ConnectionError(`Nothing came for ${SILENT_MS / 1_000} s.`)), SILENT_MS);
  });
  try {
    return await Promise.race([read, over]);
  } catch (error) {
    throw error instanceof ConnectionError ? error : new ConnectionError(reasonOf(error), { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
