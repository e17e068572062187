import pg from 'pg';

/** PostgreSQL ends a statement after this long, ms. */
export const STATEMENT_MS = 15_000;
/** A connection that has not answered for this long is lost, ms. More than a statement may take. */
const ANSWER_MS = 20_000;
const PING_EVERY_MS = 5_000;

/** The message that pg's Query takes, which its types leave out. */
const PgQuery = pg.Query as unknown as new (config: object) => { submit(connection: pg.Connection): unknown };

/** An empty statement: it needs no snapshot, and is answered in an aborted transaction too. */
class Ping extends PgQuery {
  private connection: pg.Connection | undefined;

  constructor(readonly callback: (error: Error | undefined) => void) {
    super({ text: '' });
  }

  override submit(connection: pg.Connection): unknown {
    this.connection = connection;
    return super.submit(connection);
  }

  /** Breaks the connection that this was sent on: its client emits `error` and `end`. */
  break(): void {
    this.connection?.stream.destroy(new Error('Connection terminated: PostgreSQL does not answer on it'));
  }
}

/**
 * A pool of connections that notice when the way to PostgreSQL swallows what is sent: a firewall that forgot them, a server
 * that lost its power. TCP keep-alive takes minutes and sees no proxy, and `statement_timeout` ends what only the server runs.
 *
 * A query rejects after 20 s; {@link isUnanswered} says so. A connection that somebody holds and that runs nothing, such as one that
 * LISTENs, is asked every 5 s: without an answer for 20 s it emits `error`. `options` of PostgreSQL should hold
 * `statement_timeout=STATEMENT_MS`.
 */
export function guardedPool(config: pg.PoolConfig, pingEveryMs = PING_EVERY_MS, answerMs = ANSWER_MS): pg.Pool {
  const pool = new pg.Pool({ connectionTimeoutMillis: 5_000, keepAlive: true, query_timeout: answerMs, ...config });
  /** Connections that somebody holds, and since when. The pool itself ends those that nobody uses, after 10 s. */
  const held = new Map<pg.PoolClient, number>();
  const asked = new WeakSet<pg.PoolClient>();
  // A connection may break while nobody waits for it: without a handler this ends the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('acquire', (client) => held.set(client, performance.now()));
  for (const event of ['release', 'remove'] as const) {
    pool.on(event, (...args: unknown[]) => held.delete(args.at(-1) as pg.PoolClient));
  }
  const ask = (client: pg.PoolClient): void => {
    asked.add(client);
    const ping = new Ping((error) => {
      asked.delete(client);
      if (isUnanswered(error)) ping.break();
    });
    client.query(ping as unknown as pg.Submittable);
  };
  const timer = setInterval(() => {
    if (pool.ending) return clearInterval(timer);
    for (const [client, since] of held) {
      // One that runs a statement has that one's limit.
      const isIdle = (client as pg.PoolClient & { readonly readyForQuery: boolean }).readyForQuery;
      if (isIdle && !asked.has(client) && performance.now() - since >= pingEveryMs) ask(client);
    }
  }, pingEveryMs).unref();
  return pool;
}

/** Whether a query was given up because no answer came: its connection takes no further query. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof Error && error.message === 'Query read timeout';
