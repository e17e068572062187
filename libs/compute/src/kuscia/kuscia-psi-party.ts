import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { TaskFailure } from '../contract/task-type.js';
import type { InputFile } from '../party/input-files.js';
import type { PartyProgram } from '../party/party-program.js';
import { agreeOnKeys, agreeOnSalt } from '../psi/agree-on-keys.js';
import { scanKeys } from '../psi/key-scan.js';
import { columnIndexes } from '../table/csv-reader.js';
import { isParquet, readTable } from '../table/read-table.js';
import type { Table } from '../table/table.js';
import type { DescribedTable } from './job-request.js';

export interface KusciaPsiPartyArgs {
  readonly keys: readonly string[];
  readonly inputPath: string;
  /** The party's folder of tables. */
  readonly root: string;
  readonly peerLearns: boolean;
  /** Of this run alone, among the party's artifacts: what the nodes are to know of the table is left there. */
  readonly folder: string;
}

export interface KusciaPsiPartyValue {
  readonly original_count: number;
}

/** In the folder of a run. */
export const DESCRIBED = 'table.json';
/** End on the progress bar of reading keys. The nodes come next. */
export const READ = 0.2;

/**
 * Reads and checks the keys of the party's table as the native program does, asks its owner's statements and counts the use, and leaves what the party's node is to know of the table. No row and no
 * key leaves this process.
 */
export const run: PartyProgram<KusciaPsiPartyArgs, KusciaPsiPartyValue> = async (context, args) => {
  const [peer] = context.peers as [string];
  context.progress(0, 'reading keys');
  const input = await context.openInput(args.inputPath);
  try {
    if (await isParquet(input)) {
      const message = `Party ${context.party}: ${input.label} is Parquet, and nodes of Kuscia take CSV. Let the engine "native" run the task, or name a CSV file.`;
      throw new TaskFailure('INVALID_PARAMS', message);
    }
    const file = await fileOf(context.party, args.root, input);
    const table = await readTable(context.party, input);
    const kinds = new ColumnKinds(table, args.keys);
    const salt = await agreeOnSalt(context);
    const read = (): void => context.progress(READ * table.read(), 'reading keys');
    // By their hashes alone: of points nobody has any use here.
    const indexes = columnIndexes(table, args.keys);
    const scan = await scanKeys(kinds.table, indexes, salt, read, () => undefined);
    const peerRows = await agreeOnKeys(context, peer, args.keys, scan.rows, scan.kinds);
    await context.reserve({
      columns: [],
      keys: args.keys,
      to: args.peerLearns ? [peer] : [],
      counts: { keys: args.peerLearns ? Math.min(scan.rows, peerRows) : 0 },
    });
    const stats = await input.handle.stat({ bigint: true });
    const described: DescribedTable = {
      ...{ file, state: `${stats.size} ${stats.mtimeNs}` },
      ...{ columns: kinds.columns(), datasets: context.datasets },
    };
    await mkdir(args.folder, { recursive: true, mode: 0o700 });
    await writeFile(join(args.folder, DESCRIBED), JSON.stringify(described), { mode: 0o600 });
    await context.stillAllowed();
    await context.outside();
    return { original_count: scan.rows };
  } finally {
    await input.close();
  }
};

/** Where a node finds the file, below the party's folder. */
async function fileOf(party: string, root: string, input: InputFile): Promise<string> {
  const file = relative(await realpath(root).catch(() => root), input.path);
  if (file !== '' && !file.startsWith('..') && !file.startsWith(sep)) return file.split(sep).join('/');
  const message = `Party ${party}: ${input.label} lies outside of the party's folder, where its node of Kuscia does not see it. Let the engine "native" run the task.`;
  throw new TaskFailure('INVALID_PARAMS', message);
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const WHOLE = /^[+-]?\d{1,15}$/;

/** What the columns of a table hold, as SecretFlow names it, noted as the table is read. */
class ColumnKinds {
  private readonly kinds: ('int' | 'float' | 'str')[];

  constructor(
    private readonly source: Table,
    keys: readonly string[],
  ) {
    // A key is text, whatever it looks like: 007 is not 7.
    this.kinds = source.columns.map((name) => (keys.includes(name) ? 'str' : 'int'));
  }

  get table(): Table {
    const { source, kinds } = this;
    return {
      ...source,
      read: () => source.read(),
      async *batches() {
        for await (const batch of source.batches()) {
          kinds.forEach((kind, at) => {
            if (kind !== 'str') kinds[at] = kindOf(batch, at, kind);
          });
          yield batch;
        }
      },
    };
  }

  columns(): DescribedTable['columns'] {
    return this.source.columns.map((name, at) => ({ name, type: this.kinds[at]! }));
  }
}

function kindOf(batch: readonly (readonly string[])[], at: number, so: 'int' | 'float'): 'int' | 'float' | 'str' {
  let kind = so;
  for (const row of batch) {
    const field = row[at]!;
    if (kind === 'int' && WHOLE.test(field)) continue;
    // A gap is none of a whole number.
    if (field !== '' && !NUMBER.test(field)) return 'str';
    kind = 'float';
  }
  return kind;
}
