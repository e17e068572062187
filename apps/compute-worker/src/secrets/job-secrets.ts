import type { OnApplicationShutdown } from '@nestjs/common';
import { type FailureCode, pointer, putAt, type SecretPlace } from '#libs/chain-domain';
import { takesSecret, TaskFailure } from '#libs/compute';
import type { SecretOpener } from '#libs/platform';
import type { TaskJob } from '#libs/queues';
import { loginFault, type Database, type SecretRepository } from '#libs/repositories';

const NOT_ALLOWED: FailureCode = 'SECRET_NOT_ALLOWED';
const UNAVAILABLE: FailureCode = 'SECRET_UNAVAILABLE';
/** The API takes no shorter ones. */
const MIN_SECRET = 8;

/** A job's parameters with its secrets in their places. `hide` takes them out of everything that leaves the run. */
export interface OpenedJob {
  readonly params: unknown;
  hide<T>(value: T): T;
  /** Throws TaskFailure SECRET_NOT_ALLOWED where a part of a secret is in the name, also one that was made fit for a file. */
  checkName(name: string): void;
}

/**
 * Puts secrets into jobs. The job names their places, since its parameters may hold text of other tasks' results that only
 * looks like a secret. They come sealed from the database, by a role that sees those of tasks in flight alone, and are opened here.
 */
export class JobSecrets implements OnApplicationShutdown {
  constructor(
    private readonly db: Database,
    private readonly secrets: SecretRepository,
    private readonly opener: SecretOpener | undefined,
  ) {}

  /** Throws TaskFailure SECRET_NOT_ALLOWED or SECRET_UNAVAILABLE. */
  async open(job: TaskJob): Promise<OpenedJob> {
    const { params, secrets: places = [] } = job;
    if (places.length === 0) return { params, hide: (value) => value, checkName: () => undefined };
    // The API refuses these too. A job may be older than that, or come from a queue that somebody else writes to.
    const misplaced = places.find(({ path }) => !takesSecret(job.taskType, path));
    if (misplaced !== undefined) throw notAllowed(misplaced);
    const names = [...new Set(places.map(({ name }) => name))];
    const { opener } = this;
    if (opener === undefined) throw unavailable(names[0]!, 'SECRETS_PRIVATE_KEY is not set at the worker');
    const { taskRequestId, taskType } = job;
    const rows = await this.secrets.ofTask(this.db, taskRequestId, taskType, names).catch((error: unknown) => {
      throw new TaskFailure(UNAVAILABLE, 'the database with the secrets does not answer', true, {}, { cause: error });
    });
    const values = new Map<string, string>();
    for (const row of rows) {
      try {
        values.set(row.name, await opener.open(row.tenant_id, row.name, row));
      } catch (error) {
        throw unavailable(row.name, `it cannot be opened: ${(error as Error).message}`);
      }
    }
    const opened = structuredClone(params);
    for (const { path, name } of places) {
      const value = values.get(name);
      if (value === undefined)
        throw unavailable(name, `no version of it may be used by a ${taskType} task of the chain's creator`);
      putAt(opened, path, value);
    }
    // The longest first: one may be a part of another.
    const known = [...values].sort(([, a], [, b]) => b.length - a.length);
    return {
      params: opened,
      hide: (value) => hidden(value, known) as typeof value,
      checkName(name) {
        const found = known.find(([, value]) => partIn(name, value));
        if (found === undefined) return;
        const message = `an artifact would be called as a part of the secret ${found[0]}: give it another name`;
        throw new TaskFailure(NOT_ALLOWED, message);
      },
    };
  }

  /** Throws an Error that says what to do where the database's login could leave the role of a worker. */
  async requireLogin(): Promise<void> {
    const fault = await loginFault(this.db);
    if (fault !== undefined) throw new Error(fault);
  }

  /** Throws where there are secrets and no key to open them. */
  async requireKey(): Promise<void> {
    if (this.opener !== undefined || !(await this.secrets.used(this.db))) return;
    throw new Error('there are secrets, and SECRETS_PRIVATE_KEY is not set: this worker could not run what names them');
  }

  async onApplicationShutdown(): Promise<void> {
    await this.db.close();
  }
}

function notAllowed({ name, path }: SecretPlace): TaskFailure {
  const message = `the secret ${name} stands at /task_params${pointer(...path)}, a parameter that takes no secret`;
  return new TaskFailure(NOT_ALLOWED, message);
}

function unavailable(name: string, why: string): TaskFailure {
  return new TaskFailure(UNAVAILABLE, `the secret ${name}: ${why}`);
}

/** Whether the least that a secret may be, of it, is in the name; both in the letters that every name may hold. */
function partIn(name: string, secret: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9._-]/g, '_');
  const [whole, value] = [plain(name), plain(secret)];
  for (let at = 0; at + MIN_SECRET <= value.length; at += 1) {
    if (whole.includes(value.slice(at, at + MIN_SECRET))) return true;
  }
  return false;
}

/** A copy in which each secret's value is its name; also where it stands within JSON in a text. */
function hidden(value: unknown, known: readonly (readonly [name: string, value: string])[]): unknown {
  if (typeof value === 'string') {
    let text = value;
    for (const [name, secret] of known) {
      const instead = `[secret ${name}]`;
      text = text.replaceAll(secret, () => instead).replaceAll(JSON.stringify(secret).slice(1, -1), () => instead);
    }
    return text;
  }
  if (Array.isArray(value)) return value.map((each) => hidden(each, known));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [hidden(key, known) as string, hidden(each, known)]),
  );
}
