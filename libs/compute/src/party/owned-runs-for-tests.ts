import { join } from 'node:path';
import type { ConsentJson, PolicyStatement, TaskStatement } from '#libs/consent';
import { TestOwner } from '#libs/testing';
import { runTask } from '../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { TaskParams, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { taskHash } from './hashes.js';
import { openResult } from './party-results.js';

interface More extends Partial<TaskRun> {
  readonly parties?: string[];
  readonly statement?: Partial<TaskStatement>;
  readonly approved?: boolean;
}

/** What an owner signs of a dataset, beside the dataset. Null: no policy. */
type Terms = Partial<
  Pick<
    PolicyStatement,
    'expires_at' | 'rules' | 'budget' | 'min_group_rows' | 'effects_to' | 'coefficients_to' | 'bounds'
  >
> | null;

/** Claimed parties, and tasks that use their datasets, each made from all that ran before it. */
export class OwnedRuns {
  private readonly datasets: { party: string; name: string; file: string; version: number; columns: string[] }[] = [];
  private readonly terms = new Map<string, Terms>();
  private readonly recipients = new Map<string, readonly string[]>();
  private readonly from: Record<string, string> = {};
  readonly log: string[] = [];

  private constructor(
    readonly folder: TestFolder,
    readonly owners: Readonly<Record<string, TestOwner>>,
  ) {}

  static async claim(...parties: readonly string[]): Promise<OwnedRuns> {
    const folder = await testFolder();
    const owners: Record<string, TestOwner> = {};
    for (const party of parties) {
      await folder.table(party, 'none.csv', '');
      owners[party] = await TestOwner.claim(join(folder.path, 'data'), party);
    }
    return new OwnedRuns(folder, owners);
  }

  /** Writes a table, and registers it where its party is claimed. Returns how a task names it. */
  async table(party: string, name: string, rows: readonly (readonly unknown[])[], version = 1): Promise<string> {
    const file = `${name}-${version}.csv`;
    await this.folder.table(party, file, `${rows.map((row) => row.join(',')).join('\n')}\n`);
    if (this.owners[party] === undefined) return file;
    this.datasets.push({ party, name, file, version, columns: rows[0]!.map(String) });
    return `dataset:${party}/${name}@${version}`;
  }

  /** What the owner signs of a dataset: by default a policy that allows everything. */
  policy(party: string, name: string, terms: Terms): void {
    this.terms.set(`${party}/${name}`, terms);
  }

  allowRecipients(party: string, recipients: readonly string[]): void {
    this.recipients.set(party, recipients);
  }

  async run(
    type: string,
    taskId: string,
    config: { readonly [key: string]: ConsentJson },
    more: More = {},
  ): Promise<TaskRunResult> {
    const run = await this.prepare(type, taskId, config, more);
    const outcome = await runTask(type, run);
    this.from[taskId] = taskHash(run.consent!.task);
    return outcome;
  }

  /** A run with what all owners have signed. */
  async prepare(
    type: string,
    taskId: string,
    config: { readonly [key: string]: ConsentJson },
    more: More = {},
  ): Promise<TaskRun<never>> {
    const { parties = ['alice', 'bob'], statement, approved, ...rest } = more;
    const params = { sf_init_config: { parties, address: 'local' }, task_config: config };
    const task: TaskStatement = {
      ...{ chain_id: 'chain-1', task_id: taskId, task_type: type, proposer: null, from: { ...this.from } },
      params,
      ...statement,
    };
    const statements: Record<string, string[]> = {};
    for (const [party, owner] of Object.entries(this.owners)) {
      statements[party] = [
        ...(await this.signed(owner, type)),
        ...(approved === true ? [await owner.approve(task)] : []),
      ];
    }
    const consent = { task, byAdmin: true, statements, params: params as TaskParams };
    const log = (_: unknown, message: string) => this.log.push(message);
    return { ...this.folder.run(config, { taskId, params: params as never, log, ...rest }), consent };
  }

  /** What a reader of a party gets of a run. */
  async own(taskId: string, { partyResults }: TaskRunResult, party: string): Promise<unknown> {
    const { sealed } = partyResults![party] as { sealed: string };
    const task = { chainId: 'chain-1', taskId, party };
    return (await openResult(this.owners[party]!.reader, undefined, task, sealed))!.result;
  }

  private async signed(owner: TestOwner, type: string): Promise<string[]> {
    const mine = this.datasets.filter(({ party }) => party === owner.party);
    const recipients = this.recipients.get(owner.party);
    const signed = recipients === undefined ? [] : [await owner.sign({ kind: 'party', recipients })];
    for (const { name, file, version, columns } of mine) {
      const dataset = await owner.dataset(name, file, version);
      const typed = { columns: columns.map((column) => ({ name: column, type: 'number' })), rows: 1_000_000 };
      signed.push(await owner.sign({ ...dataset, ...typed } as never));
    }
    for (const dataset of new Set(mine.map(({ name }) => name))) {
      const terms = this.terms.get(`${owner.party}/${dataset}`);
      if (terms === null) continue;
      const rules = [{ effect: 'allow', task_types: [type] }];
      const policy = { kind: 'policy', dataset, expires_at: '2999-01-01T00:00:00Z', rules, ...terms };
      signed.push(await owner.sign(policy as never));
    }
    return signed;
  }
}
