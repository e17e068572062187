import { createClient, createConfig } from './generated/client/index.js';
import {
  Operations,
  type ChainDto,
  type ChainEventDto,
  type ChainSummaryDto,
  type CreateChainRequest,
  type DeliveryDto,
  type ListChainsData,
  type LogLineDto,
  type TaskDto,
} from './generated/index.js';
import { toError, WaitTimeoutError } from './errors.js';
import { follow, type FollowOptions, type OpenStream } from './live.js';
import { resilientFetch, type RetryOptions } from './transport.js';

/** A timer of more fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface TaskChainClientOptions {
  /** Where the API is, such as `https://chains.example.org`: what comes before `/api/v1`. */
  readonly baseUrl: string;
  /** Signs in: an API key, or a token of the OIDC issuer; a function is asked anew for each request. */
  readonly token?: string | (() => string | Promise<string>);
  readonly retry?: RetryOptions;
  /** In place of the global one. */
  readonly fetch?: typeof fetch;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A task as the stream tells it: without why it waits. */
export type LiveTask = Omit<TaskDto, 'waiting'>;

/** What changed in a chain that is followed. `end` is the last. */
export type ChainUpdate =
  | { readonly event: 'task'; readonly data: LiveTask }
  | { readonly event: 'chain'; readonly data: ChainSummaryDto; readonly id: string }
  | {
      readonly event: 'end';
      readonly data: { readonly chain_id: string; readonly status: ChainDto['status'] };
      readonly id: string;
    };

/** How a chain stands. */
export interface ChainProgress {
  readonly chain: ChainSummaryDto;
  /** By their ids. */
  readonly tasks: ReadonlyMap<string, LiveTask>;
}

export interface WaitOptions {
  readonly signal?: AbortSignal;
  /** Throws a `WaitTimeoutError` after so long, ms. No limit where it is left out or above 2^31-1, 24.8 days. */
  readonly timeoutMs?: number;
  /** Called with each change, tasks' progress included. */
  readonly onProgress?: (progress: ChainProgress) => void;
}

/**
 * The API of Task Chain: a method for each operation, which takes `{ path, query, headers, body, signal }` and returns the
 * answer's body, and beside them lists as iterators, live events, and waiting for a chain's end. Requests that fail
 * throw a `ProblemError` (the API refused) or a `ConnectionError` (no answer).
 */
export class TaskChainClient extends Operations {
  constructor(options: TaskChainClientOptions) {
    const { baseUrl, token, retry = {}, headers } = options;
    const send = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    const client = createClient(
      createConfig({
        baseUrl: baseUrl.replace(/\/+$/, ''),
        auth: token,
        fetch: resilientFetch(send, retry),
        headers,
        throwOnError: true,
      }),
    );
    client.interceptors.error.use(toError);
    super({ client });
  }

  /** A chain's graph as the text of a picture, with the tasks' statuses. */
  async chainGraphText(chainId: string, format: 'mermaid' | 'graphviz', signal?: AbortSignal): Promise<string> {
    const headers = { Accept: `text/vnd.${format}` };
    const text: unknown = await this.getChainGraph({ path: { chain_id: chainId }, headers, parseAs: 'text', signal });
    return text as string;
  }

  /** Every chain that fits, page after page. */
  allChains(query: NonNullable<ListChainsData['query']> = {}, signal?: AbortSignal): AsyncGenerator<ChainSummaryDto> {
    return pages(query.cursor, async (cursor) => {
      const page = await this.listChains({ query: { page_size: 200, ...query, cursor }, signal });
      return { items: page.items, next: page.next_cursor };
    });
  }

  /** What was recorded of all chains until now, oldest first. `kind`: only these kinds, by comma. */
  allEvents(query: { after?: number; kind?: string } = {}, signal?: AbortSignal): AsyncGenerator<ChainEventDto> {
    return pages(query.after ?? 0, async (after) => {
      const page = await this.listEvents({ query: { limit: 1000, ...query, after }, signal });
      return { items: page.items, next: page.next_after > after ? page.next_after : null };
    });
  }

  /** What was recorded of a chain until now, oldest first. */
  allChainEvents(chainId: string, after = 0, signal?: AbortSignal): AsyncGenerator<ChainEventDto> {
    return pages(after, async (last) => {
      const query = { limit: 1000, after: last };
      const page = await this.listChainEvents({ path: { chain_id: chainId }, query, signal });
      return { items: page.items, next: page.next_after > last ? page.next_after : null };
    });
  }

  /** The log lines of a task until now, oldest first. */
  allTaskLogs(
    chainId: string,
    taskId: string,
    query: { after?: number; attempt?: number } = {},
    signal?: AbortSignal,
  ): AsyncGenerator<LogLineDto> {
    return pages(query.after ?? 0, async (after) => {
      const path = { chain_id: chainId, task_id: taskId };
      const page = await this.listTaskLogs({ path, query: { limit: 1000, ...query, after }, signal });
      return { items: page.items, next: page.next_after > after ? page.next_after : null };
    });
  }

  /**
   * The log of a task as it is written, each line once, until the task has ended, or its `attempt`. `tail`: from the newest so many
   * lines on. Goes on by itself where the connection broke. A line that another worker stored late may come after newer ones.
   */
  async *watchTaskLogs(
    chainId: string,
    taskId: string,
    options: FollowOptions & { after?: number; attempt?: number; tail?: number } = {},
  ): AsyncGenerator<LogLineDto> {
    const { after, attempt, tail } = options;
    const path = { chain_id: chainId, task_id: taskId };
    const open: OpenStream = (...at) => this.listTaskLogs({ path, query: { after, attempt, tail }, ...sse(...at) });
    // Before the event's id no line is missing: what comes again comes from behind it.
    let seen = new Set<number>();
    for await (const { event, id, data } of follow(open, options)) {
      if (event === 'end') return;
      const line = data as LogLineDto;
      if (seen.has(line.id)) continue;
      seen.add(line.id);
      if (seen.size > MOST_SEEN) seen = new Set([...seen].filter((each) => each > Number(id)));
      yield line;
    }
  }

  /** The messages to a webhook, newest first. */
  allWebhookDeliveries(webhookId: string, signal?: AbortSignal): AsyncGenerator<DeliveryDto> {
    return pages<DeliveryDto, number | undefined>(undefined, async (before) => {
      const page = await this.listWebhookDeliveries({ path: { webhook_id: webhookId }, query: { before }, signal });
      return { items: page.items, next: page.next_before };
    });
  }

  /**
   * A chain as it changes, until it ends: at first every task as it is, then each that changed. Goes on by itself where
   * the connection broke; nothing is missed, and of many changes of a task in between it reports the last.
   */
  async *watchChain(chainId: string, options: FollowOptions = {}): AsyncGenerator<ChainUpdate> {
    const open: OpenStream = (...at) => this.listChainEvents({ path: { chain_id: chainId }, ...sse(...at) });
    for await (const update of follow(open, options)) {
      yield update as ChainUpdate;
      if (update.event === 'end') return;
    }
  }

  /** The events of all chains as they are recorded, without end. `after`: those after this id come first. */
  async *watchEvents(options: FollowOptions & { after?: number; kind?: string } = {}): AsyncGenerator<ChainEventDto> {
    const { after, kind } = options;
    const open: OpenStream = (...at) => this.listEvents({ query: { after, kind }, ...sse(...at) });
    for await (const { data } of follow(open, options)) yield data as ChainEventDto;
  }

  /** Waits until a chain has ended, well or not, and returns it with all its tasks. */
  async waitForChain(chainId: string, options: WaitOptions = {}): Promise<ChainDto> {
    const { timeoutMs, onProgress } = options;
    const late = timeoutMs === undefined || timeoutMs > MAX_TIMER_MS ? undefined : AbortSignal.timeout(timeoutMs);
    const signals = [options.signal, late].filter((signal) => signal !== undefined);
    const signal = signals.length > 0 ? AbortSignal.any(signals) : undefined;
    try {
      const tasks = new Map<string, LiveTask>();
      let chain: ChainSummaryDto | undefined;
      for await (const update of this.watchChain(chainId, { signal })) {
        if (update.event === 'task') tasks.set(update.data.task_id, update.data);
        if (update.event === 'chain') chain = update.data;
        if (chain !== undefined && update.event !== 'end') onProgress?.({ chain, tasks });
      }
      return await this.getChain({ path: { chain_id: chainId }, signal });
    } catch (error) {
      if (late?.aborted && !options.signal?.aborted) throw new WaitTimeoutError(chainId, timeoutMs!);
      throw error;
    }
  }

  /** Creates a chain, starts it and waits for its end. */
  async runChain(chain: CreateChainRequest, options: WaitOptions = {}): Promise<ChainDto> {
    const { chain_id } = await this.createChain({ body: { ...chain, execute: true }, signal: options.signal });
    return this.waitForChain(chain_id, options);
  }
}

/** Ids of log lines that are remembered before those that cannot come again are forgotten: the API sends at most some 1,500 again. */
const MOST_SEEN = 4_000;

/** Asks for a stream in place of a page. */
const sse = (lastEventId: string | undefined, signal: AbortSignal) => ({
  headers: { Accept: 'text/event-stream', ...(lastEventId !== undefined && { 'Last-Event-ID': lastEventId }) },
  signal,
  parseAs: 'stream' as const,
});

/** All items of a list that is read page by page; `next` is null after the last. */
async function* pages<Item, Place>(
  first: Place,
  read: (place: Place) => Promise<{ items: readonly Item[]; next: Place | null }>,
): AsyncGenerator<Item> {
  for (let place: Place | null = first; place !== null;) {
    const { items, next }: { items: readonly Item[]; next: Place | null } = await read(place);
    yield* items;
    place = next;
  }
}
