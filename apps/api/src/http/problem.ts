import type { InputFault } from '#libs/chain-domain';

/** Every error that the API can answer with: HTTP status and title (RFC 9457). The code is stable; the title is for people. */
export const PROBLEMS = {
  INVALID_JSON: { status: 400, title: 'The body is not valid JSON' },
  INVALID_CHAIN: { status: 400, title: 'The chain is not valid' },
  INVALID_QUERY: { status: 400, title: 'A query parameter is not valid' },
  NOT_SUPPORTED_YET: { status: 400, title: 'The request uses a feature that is not supported yet' },
  BAD_REQUEST: { status: 400, title: 'The request is not valid' },
  CONFIRMATION_REQUIRED: { status: 400, title: 'The deletion is not confirmed' },
  UNAUTHENTICATED: { status: 401, title: 'The request is not authenticated' },
  FORBIDDEN: { status: 403, title: 'The request is not allowed' },
  WITHDRAWN: { status: 403, title: 'The owner of the data no longer allows this' },
  NOT_FOUND: { status: 404, title: 'Not found' },
  CHAIN_NOT_FOUND: { status: 404, title: 'The chain does not exist' },
  TASK_NOT_FOUND: { status: 404, title: 'The task does not exist' },
  ARTIFACT_NOT_FOUND: { status: 404, title: 'The artifact does not exist' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'This path does not support this method' },
  NOT_ACCEPTABLE: { status: 406, title: 'The requested format is not available' },
  REQUEST_TIMEOUT: { status: 408, title: 'The request took too long to arrive' },
  CHAIN_STATE_CONFLICT: { status: 409, title: 'The state of the chain does not allow this' },
  TASK_STATE_CONFLICT: { status: 409, title: 'The state of the task does not allow this' },
  ARTIFACT_UNREADABLE: { status: 409, title: 'The API may not read the artifact' },
  PARTY_EXISTS: { status: 409, title: 'The party already exists' },
  NODE_EXISTS: { status: 409, title: 'The party has a site with another key' },
  NODE_KEY_REFUSED: { status: 409, title: 'The key can not join' },
  NODES_NOT_CONFIGURED: { status: 409, title: 'The server has no key to admit sites with' },
  STATEMENT_OUTDATED: { status: 409, title: 'A newer statement is stored' },
  TOO_MANY_VERSIONS: { status: 409, title: 'The template has no room for another version' },
  TOO_MANY_TEMPLATES: { status: 409, title: 'The tenant has no room for another template' },
  TOO_MANY_SCHEDULES: { status: 409, title: 'The tenant has no room for another schedule' },
  TOO_MANY_SIGNALS: { status: 409, title: 'The tenant has no room for another signal' },
  TENANT_EXISTS: { status: 409, title: 'The tenant already exists' },
  IDEMPOTENCY_KEY_IN_USE: { status: 409, title: 'A request with this idempotency key is still running' },
  SECRETS_NOT_CONFIGURED: { status: 409, title: 'The server has no key for secrets' },
  PRECONDITION_FAILED: { status: 412, title: 'The resource has changed since it was read' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The body must be application/json' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'This idempotency key was used with another request' },
  QUOTA_EXCEEDED: { status: 429, title: "The tenant's quota is exhausted" },
  TOO_MANY_REQUESTS: { status: 429, title: 'Too many requests' },
  HEADERS_TOO_LARGE: { status: 431, title: 'The headers are too large' },
  OVERLOADED: { status: 503, title: 'Too much waits already; try again later' },
  INTERNAL: { status: 500, title: 'Internal server error' },
  UNAVAILABLE: { status: 503, title: 'The service is unavailable; try again' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>;

export type ProblemCode = keyof typeof PROBLEMS;

/** The present state that a request conflicts with. */
export interface ConflictState {
  readonly chain_status: string;
  readonly task_id?: string;
  readonly task_status?: string;
}

/** A limit of the tenant's, and how much of it is used. */
export interface QuotaState {
  readonly limit: string;
  readonly max: number;
  readonly used: number;
  readonly requested?: number;
}

/** What a problem holds besides code and detail. `cause` is logged and never sent. */
export interface ProblemExtras {
  readonly errors?: readonly InputFault[];
  readonly headers?: Readonly<Record<string, string>>;
  /** What stands against it, of a state conflict. */
  readonly state?: ConflictState;
  readonly quota?: QuotaState;
  readonly cause?: unknown;
}

/** An error that is an answer: thrown anywhere in the API, sent by the problem filter. `detail` is for the client. */
export class Problem extends Error {
  readonly errors: readonly InputFault[];
  readonly headers: Readonly<Record<string, string>>;
  readonly state: ConflictState | undefined;
  readonly quota: QuotaState | undefined;

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    { errors = [], headers = {}, state, quota, cause }: ProblemExtras = {},
  ) {
    super(detail, cause === undefined ? undefined : { cause });
    this.name = 'Problem';
    this.errors = errors;
    this.headers = headers;
    this.state = state;
    this.quota = quota;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}

/** The body of an `application/problem+json` answer. Without `errors` if the problem has no places. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ProblemCode;
  readonly errors?: readonly InputFault[];
  readonly state?: ConflictState;
  readonly quota?: QuotaState;
}

/** `instance` is the path of the request. */
export function toProblemDocument(problem: Problem, instance: string): ProblemDocument {
  const { code, detail, errors, state, quota } = problem;
  const type = `/problems/${code.toLowerCase().replaceAll('_', '-')}`;
  return {
    type,
    ...PROBLEMS[code],
    detail,
    instance,
    code,
    ...(errors.length > 0 && { errors }),
    ...(state && { state }),
    ...(quota && { quota }),
  };
}
