import pg from 'pg';

/** PostgreSQL ends a statement after this long, ms. */
export const STATEMENT_MS = 15_000;
/** A connection that has not answered for this long is lost, ms. More than a statement may take. */
const ANSWER_MS = 20_000;
const PING_EVERY_MS = 5_000;

/**
 * A pool of connections that notice when the way to PostgreSQL swallows what is sent: a firewall that forgot them, a server
 * that lost its power. TCP keep-alive takes minutes and sees no proxy, and `statement_timeout` ends what only the server runs.
 *
 * A query rejects after 20 s; {@link isUnanswered} says so. A connection that somebody holds and that runs nothing, such as one that
 * LISTENs, is asked every 5 s: without an answer for 20 s it emits `error`. `options` of PostgreSQL should hold
 * `statement_timeout=STATEMENT_MS`.
 */
export function guardedPool(config: pg.PoolConfig, pingEveryMs = PING_EVERY_MS, answerMs = ANSWER_MS): pg.Pool {
  const pool = new pg.Pool({
    ...{ connectionTimeoutMillis: 5_000, keepAlive: true, query_timeout: answerMs },
    // A new one costs PostgreSQL 10 ms. By the time that a lost one is found, all others that nobody has used are gone.
    idleTimeoutMillis: answerMs,
    ...config,
  });
  /** Connections that somebody holds, and since when. The pool itself ends those that nobody uses. */
  const held = new Map<pg.PoolClient, number>();
  const asked = new WeakSet<pg.PoolClient>();
  // A connection may break while nobody waits for it: without a handler this ends the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('acquire', (client) => held.set(client, performance.now()));
  for (const event of ['release', 'remove'] as const) {
    pool.on(event, (...args: unknown[]) => held.delete(args.at(-1) as pg.PoolClient));
  }
  // An empty statement: it needs no snapshot, and is answered in an aborted transaction too.
  const ask = async (client: pg.PoolClient): Promise<void> => {
    asked.add(client);
    const error = await client.query('').catch((reason: unknown) => reason);
    asked.delete(client);
    const broken = new Error('Connection terminated: PostgreSQL does not answer on it');
    if (isUnanswered(error)) client.connection.stream.destroy(broken);
  };
  const timer = setInterval(() => {
    if (pool.ending) return clearInterval(timer);
    for (const [client, since] of held) {
      // One that runs a statement has that one's limit.
      const isIdle = (client as pg.PoolClient & { readonly readyForQuery: boolean }).readyForQuery;
      if (isIdle && !asked.has(client) && performance.now() - since >= pingEveryMs) void ask(client);
    }
  }, pingEveryMs).unref();
  return pool;
}

/** Whether a query was given up because no answer came: its connection takes no further query. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof Error && error.message === 'Query read timeout';
