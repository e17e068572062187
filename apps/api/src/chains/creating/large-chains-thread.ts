import { parentPort, workerData } from 'node:worker_threads';
import type { TenantEngines } from '#libs/compute';
import { failpoint } from '#libs/platform';
import { openDatabase } from '#libs/repositories';
import { makeCatalogue, type CatalogueSettings } from '../../catalogue/catalogue.js';
import { parseBody } from '../../http/body-parser.js';
import { problemFromError } from '../../http/problem-from-error.js';
import type { Problem } from '../../http/problem.js';
import { createFrom, validationOf, type CreateRequest } from './create-from.js';
import type { Author } from './read-chain-of.js';

/** What the thread is started with. */
export interface ThreadData {
  readonly databaseUrl: string;
  readonly catalogue: CatalogueSettings;
}

/** What is to be done with a body. */
export type Work =
  | {
      readonly kind: 'validate';
      readonly tenant: string;
      readonly engines: TenantEngines | undefined;
      readonly user: Author;
    }
  | { readonly kind: 'create'; readonly tenant: string; readonly request: CreateRequest };

export interface ThreadRequest {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly work: Work;
}

/** The value, or the problem in fields that can be sent. */
export interface ThreadAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly problem?: Pick<Problem, 'code' | 'detail' | 'errors' | 'headers' | 'state' | 'quota'> & {
    readonly cause?: unknown;
  };
}

const { databaseUrl, catalogue: settings } = workerData as ThreadData;
const catalogue = makeCatalogue(settings);
const db = await openDatabase(databaseUrl, {
  role: 'task_chain_api',
  max: 2,
  applicationName: 'task-chain-api-large',
  aroundCommit: (moment) => failpoint(`api.${moment}`),
});

parentPort!.on('message', (message: ThreadRequest | 'stop') => {
  if (message === 'stop') {
    parentPort!.close();
    void db.close();
  } else void answer(message);
});

async function answer({ id, bytes, work }: ThreadRequest): Promise<void> {
  try {
    const body = parseBody(bytes);
    const own = db.forTenant(work.tenant);
    const value =
      work.kind === 'validate'
        ? await validationOf(work.user, own, body, catalogue, work.engines)
        : await createFrom(own, body, catalogue, work.request);
    parentPort!.postMessage({ id, value } satisfies ThreadAnswer);
  } catch (error) {
    const { code, detail, errors, headers, state, quota, cause } = problemFromError(error);
    const said = cause instanceof Error ? new Error(cause.message) : undefined;
    parentPort!.postMessage({
      id,
      problem: { code, detail, errors, headers, state, quota, ...(said && { cause: said }) },
    } satisfies ThreadAnswer);
  }
}
