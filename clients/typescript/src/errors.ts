import type { FaultDto, ProblemDto } from './generated/index.js';

/** An answer of the API that is no success: a problem (RFC 9457). `code` is stable and what a program looks at. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  /** Such as `INVALID_CHAIN`; `UNKNOWN` where something other than the API answered, a proxy for example. */
  readonly code: string;
  /** What is wrong with the request, each with a JSON pointer into its body or `/<name>` of the query parameter. */
  readonly errors: readonly FaultDto[];
  /** Of a 409: the status of the chain and the task that stands against it. */
  readonly state: ProblemDto['state'];

  constructor(
    readonly status: number,
    readonly problem: Partial<ProblemDto>,
    /** The API's `X-Request-Id`, which its log names. */
    readonly requestId: string | undefined,
  ) {
    super(problem.detail ?? problem.title ?? `The server answered ${status}.`);
    this.code = problem.code ?? 'UNKNOWN';
    this.errors = problem.errors ?? [];
    this.state = problem.state;
  }
}

/** There was no answer: the server is out of reach, or the connection broke. `cause` says why. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** `waitForChain` gave up: the chain had not ended in time. It goes on running. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';

  constructor(
    readonly chainId: string,
    readonly timeoutMs: number,
  ) {
    super(`${chainId} had not ended after ${timeoutMs} ms.`);
  }
}

/** What a failed request is thrown as. `response` is undefined where there was none. */
export function toError(error: unknown, response: Response | undefined, request: Request): unknown {
  if (response === undefined) {
    if (request.signal.aborted) return request.signal.reason;
    if (error instanceof ConnectionError) return error;
    const { method, url } = request;
    return new ConnectionError(`${method} ${url}: ${reasonOf(error)}`, { cause: error });
  }
  const problem = error !== null && typeof error === 'object' ? error : { detail: String(error).slice(0, 500) };
  return new ProblemError(response.status, problem, response.headers.get('x-request-id') ?? undefined);
}

/** Node's fetch says no more than "fetch failed"; its cause says what happened. */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as Partial<Error>;
  return cause instanceof Error && cause.message ? cause.message : (message ?? String(error));
}
