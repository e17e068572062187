import { isObject } from '#libs/chain-domain';
import type { PriorityBody } from '../chains/creating/chain-body.js';
import { Problem } from '../http/problem.js';
import { bodyReader } from '../http/read-body.js';
import {
  bulkBody,
  plainBody,
  priorityBody,
  resolveBody,
  retryBody,
  retryTaskBody,
  skipBody,
} from './control-bodies.js';

/** What every control call may say. */
export interface ControlBody {
  readonly dry_run?: boolean;
  readonly note?: string;
}
export interface RetryBody extends ControlBody {
  readonly from?: readonly string[];
  readonly include_downstream?: boolean;
}
export interface PriorityControlBody extends ControlBody {
  readonly priority: PriorityBody;
}
export interface ResolveBody extends ControlBody {
  readonly result: unknown;
}
export interface BulkBody extends ControlBody {
  readonly ids?: readonly string[];
  readonly filter?: Readonly<Record<string, string>>;
  readonly limit?: number;
  readonly max_per_second?: number;
  readonly cursor?: string;
}

/** Reads the body of a control call, with `dry_run` of the query; all that is wrong with it at once, as BAD_REQUEST. */
type Read<T> = (body: unknown, query: Readonly<Record<string, unknown>>) => T;

export const readPlain: Read<ControlBody> = reader(plainBody);
export const readRetry: Read<RetryBody> = reader(retryBody);
export const readRetryTask: Read<RetryBody> = reader(retryTaskBody);
export const readPriority: Read<PriorityControlBody> = reader(priorityBody);
export const readSkip: Read<ControlBody> = reader(skipBody);
export const readResolve: Read<ResolveBody> = reader(resolveBody);
export const readBulk: Read<BulkBody> = reader(bulkBody);

function reader<T>(schema: object): Read<T> {
  const read = bodyReader<T>(schema);
  return (body, query) => {
    const value = read(body);
    const dryRun = dryRunOf(query);
    return isObject(value) && dryRun !== undefined ? ({ ...value, dry_run: dryRun } as T) : value;
  };
}

function dryRunOf(query: Readonly<Record<string, unknown>>): boolean | undefined {
  const value = query['dry_run'];
  if (value === undefined) return undefined;
  if (value === 'true' || value === '') return true;
  if (value === 'false') return false;
  const message = 'true or false.';
  throw new Problem('INVALID_QUERY', `dry_run: ${message}`, {
    errors: [{ code: 'INVALID_VALUE', pointer: '/dry_run', message }],
  });
}
