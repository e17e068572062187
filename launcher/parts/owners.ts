import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { ProblemError, TaskChainClient, type ChainDto, type ChainProgress } from '#client';
import { run } from '../../apps/cli/src/program.js';
import { exampleFile, recipientsOf, tablesOf, type ExampleTable } from './example.js';

/** The system for which people type, and where to show what they type. */
export interface OwnersOptions {
  readonly url: string;
  /** Opens the API with the role admin. */
  readonly adminKey: string;
  readonly dataDir: string;
  readonly dataRoot: string;
  readonly print: (line: string) => void;
}

const ADMIN = 'admin';

/**
 * The people of an example: an admin, and the owner of each party's tables. They type what a user would type; each command is shown
 * as it runs. Owners keep their keys in `<dataDir>/owners/<party>`, and use them again in the next run.
 */
export class Owners {
  private readonly clients = new Map<string, TaskChainClient>();
  private readonly shown = new Set<string>();

  constructor(private readonly options: OwnersOptions) {}

  /** Claims the folders of all parties of these examples, registers the tables that their chains name, and sets their policies. */
  async prepare(...examples: readonly string[]): Promise<void> {
    const tables = [...new Map(examples.flatMap(tablesOf).map((table) => [table.reference, table])).values()];
    if (tables.length > 0) this.say('Each command can be typed in this folder as well, as npx task-chain …');
    for (const [index, party] of partiesOf(tables).entries()) {
      const isFirst = index === 0;
      if (!isFirst) this.say(`${party} does the same.`);
      await this.claim(party, isFirst);
      const own = tables.filter((table) => table.party === party);
      if (isFirst) this.say(`${party} names each table and says what others may do with it without asking.`);
      for (const table of own) await this.register(table);
      const recipients = [...new Set(examples.flatMap((example) => recipientsOf(example, party)))];
      if (recipients.length > 0) {
        this.say(`${party} allows rows to be encrypted for these recipients.`);
        await this.type(party, 'parties', 'recipients', party, 'add', ...recipients, ...this.key(party));
      }
    }
  }

  /** Creates and starts the chain of an example, by the key of its first party. Returns the chain's id. */
  async start(example: string): Promise<string> {
    const [party = ADMIN] = partiesOf(tablesOf(example));
    this.say(`${party} proposes the chain and starts it.`);
    const id = (await this.type(party, 'run', shownPath(exampleFile(example)), '--quiet')).trim();
    this.options.print(`  ${id}`);
    return id;
  }

  /** Waits until the chain has ended. Each task that waits for an owner is looked at and approved. */
  async watch(
    chainId: string,
    { signal, onProgress }: { signal: AbortSignal; onProgress?: (progress: ChainProgress) => void },
  ): Promise<ChainDto> {
    const failed = new AbortController();
    const asked = new Set<string>();
    let last: Promise<unknown> = Promise.resolve();
    const approve = (task: string, party: string) => {
      const question = `${party} ${task}`;
      if (asked.has(question)) return;
      asked.add(question);
      last = last.then(() => this.approve(chainId, task, party)).catch((error: unknown) => failed.abort(error));
    };
    const chain = await this.client(ADMIN).waitForChain(chainId, {
      signal: AbortSignal.any([signal, failed.signal]),
      onProgress: (progress) => {
        onProgress?.(progress);
        for (const { task_id, hold, error } of progress.tasks.values()) {
          const party = error?.details?.['party'];
          if (hold === 'APPROVAL' && typeof party === 'string') approve(task_id, party);
        }
      },
    });
    await last;
    return chain;
  }

  private async claim(party: string, explain: boolean): Promise<void> {
    const { dataRoot } = this.options;
    const say = (words: string) => explain && this.say(words);
    const folder = this.folder(party);
    if (!existsSync(join(folder, '.party', 'owner.json'))) {
      say(`${party} makes a key pair. The private key stays in ${shownPath(folder)}.`);
      await this.type(party, 'parties', 'keygen', party, '--out', shownPath(folder));
    }
    say(`The folder of ${party} opens from now on only as ${party} signs. An admin registers the party.`);
    const claimed = ['--folder', shownPath(join(dataRoot, party))];
    this.answer(await this.type(ADMIN, 'parties', 'claim', party, ...this.key(party), ...claimed));
    if (await this.signsIn(party)) return;
    const file = this.tokenFile(party);
    rmSync(file, { force: true });
    say(`An API key, by which ${party} signs in. It is not the private key.`);
    await this.type(ADMIN, 'keys', 'create', party, '--role', 'author', '--party', party, '--out', shownPath(file));
  }

  private async register({ party, name, file, policy }: ExampleTable): Promise<void> {
    const folder = ['--folder', shownPath(join(this.options.dataRoot, party))];
    const dataset = `${party}/${name}`;
    this.answer(await this.type(party, 'datasets', 'register', dataset, '--file', file, ...folder, ...this.key(party)));
    this.answer(await this.type(party, 'policies', 'set', dataset, '--file', shownPath(policy), ...this.key(party)));
  }

  private async approve(chainId: string, task: string, party: string): Promise<void> {
    this.say(`The task ${task} waits for ${party}, whose policy does not cover it. ${party} looks at it and approves.`);
    this.answer(await this.type(party, 'approvals', 'ls', '--party', party));
    this.answer(await this.type(party, 'approvals', 'approve', chainId, task, '--yes', ...this.key(party)));
  }

  /** Whether the owner has an API key that this server takes. */
  private async signsIn(party: string): Promise<boolean> {
    if (!existsSync(this.tokenFile(party))) return false;
    return this.client(party)
      .listParties()
      .then(
        () => true,
        (error: unknown) => {
          this.clients.delete(party);
          if (error instanceof ProblemError && error.status === 401) return false;
          throw error;
        },
      );
  }

  /** Runs a command as this person, and returns what it wrote. Throws where it fails. */
  async type(who: string, ...args: string[]): Promise<string> {
    const { url, print } = this.options;
    if (!this.shown.has(who) && args[1] !== 'keygen') {
      this.shown.add(who);
      const file = who === ADMIN ? join(this.options.dataDir, 'api-key') : this.tokenFile(who);
      const key = existsSync(file) ? `_FILE=${shownPath(file)}` : '="$ADMIN_API_KEY"';
      print(`${who}$ export TASK_CHAIN_URL=${url} TASK_CHAIN_TOKEN${key}`);
    }
    print(`${who}$ task-chain ${args.map(quoted).join(' ')}`);
    const env = { ...process.env, TASK_CHAIN_URL: url };
    let stdout = '';
    let stderr = '';
    const code = await run(args, {
      env: args[1] === 'keygen' ? env : { ...env, TASK_CHAIN_TOKEN: this.token(who) },
      stdin: Readable.from([]),
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: (text) => (stderr += text) },
      onInterrupt: () => () => {},
    });
    if (code !== 0) throw new Error(`task-chain ended with ${code}: ${stderr.trim()}`);
    return stdout;
  }

  private client(who: string): TaskChainClient {
    const known = this.clients.get(who);
    if (known !== undefined) return known;
    const made = new TaskChainClient({ baseUrl: this.options.url, token: this.token(who) });
    this.clients.set(who, made);
    return made;
  }

  private token(who: string): string {
    return who === ADMIN ? this.options.adminKey : readFileSync(this.tokenFile(who), 'utf8').trim();
  }

  private folder(party: string): string {
    const owners = join(this.options.dataDir, 'owners');
    mkdirSync(owners, { recursive: true, mode: 0o700 });
    return join(owners, party);
  }

  private tokenFile(party: string): string {
    return join(this.folder(party), 'api-key');
  }

  private key(party: string): string[] {
    return ['--key', shownPath(join(this.folder(party), `${party}.key`))];
  }

  private say(words: string): void {
    this.options.print(`# ${words}`);
  }

  /** What a command answered; of a task in full only that it is there. */
  private answer(text: string): void {
    const lines = text.split('\n').filter((line) => !/^$|^ {4}[ }]/.test(line));
    for (const line of lines) this.options.print(`  ${line.startsWith('    {') ? '    { … }' : line}`);
  }
}

const partiesOf = (tables: readonly ExampleTable[]): string[] => [...new Set(tables.map(({ party }) => party))].sort();

/** A path as somebody in the project's folder types it. */
export function shownPath(path: string): string {
  const below = relative(process.cwd(), path);
  return below.startsWith('..') ? path : below;
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
