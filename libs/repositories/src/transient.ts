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

/** Serialization failure, deadlock, lock not available, time-out of a transaction that idles, and a database that only reads. */
const SQLSTATE = new Set(['40001', '40P01', '55P03', '25P03', '25006']);

/** Connection, login, a database that is not there, too few resources (a full disk, no memory), an operator's hand, and faults of the system itself. */
const SQLSTATE_CLASS = /^(08|28|3D|53|57|58)[0-9A-Z]{3}$/;

/** A row that somebody locks, a statement that takes too long, and a deadlock: of some rows, while others may be stored. */
const IN_THE_WAY = new Set(['55P03', '57014', '40P01']);

/** Messages of the pg client that have no code. */
const PG_CLIENT =
  /^(Query read timeout|Connection terminated|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/;

/**
 * Whether an error, or what caused it, only says that PostgreSQL or the network is out of reach or in the way now: the
 * same work may be done again, it is all-or-nothing and idempotent. Looks through `cause`, TypeORM's `driverError` and
 * the parts of an AggregateError.
 */
export function isTransient(error: unknown): boolean {
  return someCause(error, ({ code, message }) => {
    if (typeof code === 'string' && (NETWORK.has(code) || SQLSTATE.has(code) || SQLSTATE_CLASS.test(code))) return true;
    return typeof message === 'string' && PG_CLIENT.test(message);
  });
}

/** Whether an error, or what caused it, says that some rows are in the way of others: less at once may be stored. */
export function isInTheWay(error: unknown): boolean {
  return someCause(error, ({ code }) => typeof code === 'string' && IN_THE_WAY.has(code));
}

function someCause(error: unknown, is: (one: Readonly<Record<string, unknown>>) => boolean): boolean {
  const left: unknown[] = [error];
  for (let looked = 0; left.length > 0 && looked < 20; looked++) {
    const one = left.pop();
    if (one === null || typeof one !== 'object') continue;
    if (is(one as Record<string, unknown>)) return true;
    const { cause, driverError, errors } = one as Record<string, unknown>;
    left.push(cause, driverError, ...(Array.isArray(errors) ? (errors as unknown[]) : []));
  }
  return false;
}
