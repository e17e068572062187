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

/** Server shutting down or starting, too many connections, and its statement, lock and idle timeouts. */
const SQLSTATE = new Set(['57P01', '57P02', '57P03', '57P05', '53300', '57014', '55P03', '25P03']);

/** What the pg client says without a code. */
const PG_CLIENT =
  /^(Query read timeout|Connection terminated|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|Client was closed)/;

/**
 * Whether an error, or what caused it, only says that PostgreSQL or the network is not there now. Such a request may
 * be sent again. Looks through `cause`, TypeORM's `driverError` and the parts of an AggregateError.
 */
export function isUnavailable(error: unknown): boolean {
  const left: unknown[] = [error];
  for (let looked = 0; left.length > 0 && looked < 20; looked++) {
    const one = left.pop();
    if (one === null || typeof one !== 'object') continue;
    const { code, message, cause, driverError, errors } = one as Record<string, unknown>;
    if (typeof code === 'string' && (NETWORK.has(code) || SQLSTATE.has(code) || /^08[0-9A-Z]{3}$/.test(code)))
      return true;
    if (typeof message === 'string' && PG_CLIENT.test(message)) return true;
    left.push(cause, driverError, ...(Array.isArray(errors) ? (errors as unknown[]) : []));
  }
  return false;
}
