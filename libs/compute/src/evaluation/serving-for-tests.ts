import { createHash } from 'node:crypto';
import { freePort } from '#libs/local-postgres';
import { runTask } from '../catalogue/run-task.js';
import { DealerDone, type Site } from '../contract/site.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import { NEUTRAL } from '../party/party-link.js';
import { TestSites } from '../party/sites-for-tests.js';

const TOKEN = 'only-a-test';

/** What an asker gets. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A task that serves, each of its members at a site of its own in this process, and somebody who asks. */
export class Serving {
  private readonly ended: Promise<PromiseSettledResult<TaskRunResult | null>[]>;

  private constructor(
    readonly port: number,
    readonly sites: TestSites,
    ended: readonly Promise<TaskRunResult | null>[],
  ) {
    this.ended = Promise.allSettled(ended);
  }

  /**
   * Resolves once it listens, or has ended without. `lied` has what a member was told instead, and `statements` what the owner of bob has signed
   * by now. `between` has the connections of the members in place of plain ones.
   */
  static async start(
    run: TaskRun,
    lied: Readonly<Record<string, TaskRun>> = {},
    statements?: Site['statements'],
    between?: Pick<TestSites, 'of'>,
  ): Promise<Serving> {
    const parties = ['alice', 'bob'];
    const members = [...parties, NEUTRAL];
    const sites = new TestSites(members);
    const port = await freePort();
    const tokens = [createHash('sha256').update(TOKEN).digest('hex')] as const;
    let ready!: () => void;
    const listens = new Promise<void>((resolve) => (ready = resolve));
    const log: TaskRun['log'] = (level, message) => {
      run.log(level, message);
      if (message.includes('serving scores')) ready();
    };
    const ended = members.map((member) => {
      const own = lied[member] ?? run;
      const params = { ...own.params, sf_init_config: { parties, address: 'node', dealer: 'lab' } };
      const site = { ...(between ?? sites).of(member), endpoint: { port, tokens }, ...(statements && { statements }) };
      return runTask('predict', { ...own, params, site, log }).catch((error: unknown) => {
        if (error instanceof DealerDone) return null;
        throw error;
      });
    });
    const serving = new Serving(port, sites, ended);
    await Promise.race([listens, serving.ended]);
    return serving;
  }

  score(key: string): Promise<Answer> {
    return this.ask('/score', { body: JSON.stringify({ key }) });
  }

  end(): Promise<Answer> {
    return this.ask('/end', {});
  }

  /** What it came to at each member, ended here where it goes on. */
  async outcomes(): Promise<PromiseSettledResult<TaskRunResult | null>[]> {
    await this.end().catch(() => undefined);
    return this.ended;
  }

  async ask(path: string, { token = TOKEN, ...init }: RequestInit & { readonly token?: string }): Promise<Answer> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { method: 'POST', headers, ...init });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }
}
