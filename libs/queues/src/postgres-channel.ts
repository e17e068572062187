import type pg from 'pg';
import { LANE, LANES, type Lane } from './messages.js';
import { NOTHING, type Delivery, type StatusChannel } from './status-channel.js';

const CONTROL = 'tc_control';
const STATUS = 'tc_status_';
/** The pause between attempts to listen again after the connection was lost, ms. */
const LISTEN_AGAIN_MS = 500;
/** Lanes whose messages are on the disk once they are published: until a listener has stored it, a report is the only copy of a result. */
const FLUSHED: ReadonlySet<Lane> = new Set([LANE.done]);
/** Lanes whose waits end within this time share one look, ms. */
const TOGETHER_MS = 100;

interface Waiting {
  readonly body: string;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * A table per channel, claimed with SKIP LOCKED and woken by NOTIFY. A delivery is an open transaction that has
 * deleted its messages: acknowledging commits it, and a listener that dies leaves them to the others.
 */
export class PostgresChannel implements StatusChannel {
  private readonly waiting = new Map<Lane, Waiting[]>();
  private readonly publishing = new Set<Lane>();
  private readonly wakers = new Map<Lane, () => void>();
  /** Lanes that may hold something. */
  private readonly news = new Set<Lane>(LANES);
  private readonly subscribers: ((text: string) => void)[] = [];
  private held: { readonly lookedAt: number; readonly lanes: Promise<readonly Lane[]> } | undefined;
  private listener: pg.PoolClient | undefined;
  private listening: Promise<void> | undefined;
  private closed = false;

  constructor(private readonly pool: pg.Pool) {}

  /** Messages that arrive while an insert is under way share the next one, and its commit. */
  publish(lane: Lane, message: object): Promise<void> {
    return new Promise<void>((done, failed) => {
      const waiting = this.waiting.get(lane) ?? [];
      waiting.push({ body: JSON.stringify(message), done, failed });
      this.waiting.set(lane, waiting);
      if (!this.publishing.has(lane)) void this.flush(lane);
    });
  }

  async receive(lane: Lane, max: number, waitMs: number): Promise<Delivery> {
    await this.listen();
    if (this.closed) return NOTHING;
    if (this.news.has(lane)) {
      const delivery = await this.take(lane, max);
      if (delivery.messages.length > 0) return delivery;
    }
    if (!this.news.has(lane) && !this.closed) await this.wakeUp(lane, waitMs);
    if (this.closed) return NOTHING;
    // What another listener gave back comes without a word. One statement finds that there is none, where a claim takes three.
    return this.news.has(lane) || (await this.lanesHeld()).includes(lane) ? this.take(lane, max) : NOTHING;
  }

  async broadcast(message: object): Promise<void> {
    await this.pool.query(`SELECT pg_notify('${CONTROL}', $1)`, [JSON.stringify(message)]);
  }

  async subscribe(onMessage: (text: string) => void): Promise<void> {
    this.subscribers.push(onMessage);
    await this.listen();
  }

  async backlog(lane: Lane): Promise<number> {
    const { rows } = await this.pool.query<{ n: string }>(
      'SELECT count(*) AS n FROM status_channel.messages WHERE lane = $1',
      [lane],
    );
    return Number(rows[0]?.n ?? 0);
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const wake of this.wakers.values()) wake();
    await this.listening?.catch(() => undefined);
    this.listener?.removeAllListeners('error');
    this.listener?.on('error', () => undefined);
    this.listener?.release(true);
    this.listener = undefined;
  }

  private async flush(lane: Lane): Promise<void> {
    this.publishing.add(lane);
    for (let batch = this.waiting.get(lane); batch !== undefined; batch = this.waiting.get(lane)) {
      this.waiting.delete(lane);
      try {
        await this.pool.query({
          name: `publish-status-${FLUSHED.has(lane) ? 'flushed' : 'soon'}`,
          text: `WITH stored AS (
                   INSERT INTO status_channel.messages (lane, body) SELECT $1, * FROM unnest($2::text[]) RETURNING id)
                 SELECT pg_notify('${STATUS}' || $1, '')${FLUSHED.has(lane) ? ", set_config('synchronous_commit', 'on', true)" : ''}
                   FROM (SELECT count(*) FROM stored) AS n`,
          values: [lane, batch.map((entry) => entry.body)],
        });
        for (const entry of batch) entry.done();
      } catch (error) {
        for (const entry of batch) entry.failed(error);
      }
    }
    this.publishing.delete(lane);
  }

  private async take(lane: Lane, max: number): Promise<Delivery> {
    // Before the claim: what comes meanwhile is news again.
    this.news.delete(lane);
    try {
      const delivery = await this.claim(lane, max);
      // Fewer are all that nobody held.
      if (delivery.messages.length === max) this.news.add(lane);
      return delivery;
    } catch (error) {
      this.news.add(lane);
      throw error;
    }
  }

  /** The lanes that hold something; those that wait until the same moment share one look. */
  private lanesHeld(): Promise<readonly Lane[]> {
    const now = performance.now();
    if (this.held === undefined || now - this.held.lookedAt > TOGETHER_MS) {
      const lanes = this.pool
        .query<{ lane: Lane }>({
          name: 'lanes-held',
          text: `SELECT lane FROM unnest($1::text[]) AS lane
                  WHERE EXISTS (SELECT FROM status_channel.messages AS held WHERE held.lane = lane.lane)`,
          values: [LANES],
        })
        .then(({ rows }) => rows.map(({ lane }) => lane));
      this.held = { lookedAt: now, lanes };
    }
    return this.held.lanes;
  }

  private async claim(lane: Lane, max: number): Promise<Delivery> {
    const client = await this.pool.connect();
    // A connection that breaks while it holds a delivery also emits an event, which would end the process.
    client.on('error', ignore);
    const letGo = (broken: boolean): void => {
      if (!broken) client.off('error', ignore);
      client.release(broken);
    };
    const end = async (command: 'COMMIT' | 'ROLLBACK'): Promise<void> => {
      try {
        await client.query(command);
      } catch (error) {
        this.news.add(lane);
        letGo(true);
        throw error;
      }
      letGo(false);
    };
    try {
      await client.query('BEGIN');
      const { rows } = await client.query<{ id: string; body: string }>({
        name: 'claim-status',
        text: `DELETE FROM status_channel.messages
                WHERE id = ANY (ARRAY(SELECT id FROM status_channel.messages WHERE lane = $1 ORDER BY id LIMIT $2
                                         FOR UPDATE SKIP LOCKED))
               RETURNING id, body`,
        values: [lane, max],
      });
      if (rows.length === 0) {
        await end('ROLLBACK');
        return NOTHING;
      }
      rows.sort((a, b) => Number(a.id) - Number(b.id));
      return {
        messages: rows.map((row) => row.body),
        ack: () => end('COMMIT'),
        release: async () => {
          await end('ROLLBACK');
          this.news.add(lane);
        },
      };
    } catch (error) {
      letGo(true);
      throw error;
    }
  }

  private wakeUp(lane: Lane, waitMs: number): Promise<void> {
    return new Promise<void>((resolve) => {
      // All lanes' waits end together, so that the process wakes once and one look serves them all.
      const timer = setTimeout(resolve, waitMs - (performance.now() % waitMs));
      this.wakers.set(lane, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private tell(lane: Lane): void {
    this.news.add(lane);
    this.wakers.get(lane)?.();
  }

  /** Keeps one connection listening; a lost one is replaced. */
  private async listen(): Promise<void> {
    if (this.listener !== undefined || this.closed) return;
    this.listening ??= (async () => {
      const client = await this.pool.connect();
      client.on('error', ignore);
      try {
        await client.query([CONTROL, ...LANES.map((lane) => STATUS + lane)].map((name) => `LISTEN ${name}`).join('; '));
      } catch (error) {
        client.release(true);
        throw error;
      }
      client.on('notification', ({ channel, payload }) => {
        if (channel === CONTROL) for (const subscriber of this.subscribers) subscriber(payload ?? '');
        else this.tell(channel.slice(STATUS.length) as Lane);
      });
      client.once('error', () => {
        client.release(true);
        this.listener = undefined;
        this.listenAgain();
      });
      this.listener = client;
      // Notifications that came before this are lost.
      for (const lane of LANES) this.tell(lane);
    })().finally(() => {
      this.listening = undefined;
    });
    await this.listening;
  }

  /** Retries until it succeeds: a subscriber has no other way to receive messages again. */
  private listenAgain(): void {
    if (this.closed) return;
    setTimeout(() => void this.listen().catch(() => this.listenAgain()), LISTEN_AGAIN_MS).unref();
  }
}

function ignore(): void {}
