/** Connections that could not be made or broke, as Node names them. */
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Serialization failure, deadlock, lock not available, time-out of a transaction that idles. */
const SQLSTATE = new Set(['40001', '40P01', '55P03', '25P03']);

/** Connection, too few resources (a full disk, no memory), an operator's hand, and faults of the system itself. */
const SQLSTATE_CLASS = /^(08|53|57|58)[0-9A-Z]{3}$/;

/** Messages of the pg client that have no code. */
const PG_CLIENT =
  /^(Query read timeout|Connection terminated|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/;

/**
 * Whether an error, or what caused it, only says that PostgreSQL or the network is out of reach or in the way now: the
 * same work may be done again, it is all-or-nothing and idempotent. Looks through `cause`, TypeORM's `driverError` and
 * the parts of an AggregateError.
 */
export function isTransient(error: unknown): boolean {
  const left: unknown[] = [error];
  for (let looked = 0; left.length > 0 && looked < 20; looked++) {
    const one = left.pop();
    if (one === null || typeof one !== 'object') continue;
    const { code, message, cause, driverError, errors } = one as Record<string, unknown>;
    if (typeof code === 'string' && (NETWORK.has(code) || SQLSTATE.has(code) || SQLSTATE_CLASS.test(code))) return true;
    if (typeof message === 'string' && PG_CLIENT.test(message)) return true;
    left.push(cause, driverError, ...(Array.isArray(errors) ? (errors as unknown[]) : []));
  }
  return false;
}
