import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TaskFailure } from '../contract/task-type.js';
import { placeHere } from './bundles.js';
import type { InputFile } from './input-files.js';
import { OWNER_FOLDER } from './owner-folder.js';
import type { Owner } from './owner.js';
import { statedSize } from './stated-size.js';

/** The rows of a table that was made of a dataset. */
export interface RowSet {
  /** Name of the file that holds the number of each row, in the order of the table. */
  readonly ids: string;
  /** Whether somebody else than the owner chose them: by value, or by `psi`. */
  readonly chosen: boolean;
  /** The size in bytes that is stated of the table. Absent in older records. */
  readonly bytes?: number;
  /** The columns by whose values they were chosen: by `psi`, the last time, and by each filter since then. */
  readonly by?: readonly string[];
  /** The rows of other tables from which values of this one were learnt: a figure about it is about them, too. */
  readonly learnt?: readonly RowSet[];
  /** Whether it has all rows of several tables of which nobody chose rows. */
  readonly whole?: true;
  /** Set in such rows: whoever chose them, values of under the floor would be seen in the other table. */
  readonly isLearntFrom?: true;
}

/** These rows and those from which their values were learnt, each set once. */
export const withLearnt = (sets: readonly RowSet[]): readonly RowSet[] => [
  ...new Map(
    sets.flatMap(({ learnt = [], ...set }) => [...learnt, set]).map((set) => [set.ids, set] as const),
  ).values(),
];

/** Which rows of a table that the party has opened went into an output. */
export interface OutputRows {
  /** The table, as the party opened it. */
  readonly of: string;
  /** Their places in it, from 0, in the order of the output, or `NO_ROW`; absent where it has all rows in their order. */
  readonly picks?: Uint32Array | undefined;
  /** Set where `picks` has every row once: nobody chose them. */
  readonly areAll?: true;
  /** The columns by whose values another party chose these, which it was allowed to know. */
  readonly by?: readonly string[];
  /** The columns by whose values these were chosen, beside what chose the rows of the table. */
  readonly values?: readonly string[];
  /** More tables, as the party opened them, all of whose rows follow. */
  readonly also?: readonly string[];
  /** The files, as the party opened them, from whose rows values were learnt. */
  readonly learnt?: readonly string[];
  /** Set where a program of the task's author made the table of these: which rows went into each of the rows that it made is not known. */
  readonly isMade?: true;
}

/** Stands among `picks` for a row of nulls, which is no row of the table. */
export const NO_ROW = 0xffff_ffff;
/** The number of such a row in a set. */
export const NO_NUMBER = 0n;

/** Loaded as a program of a party is, by its place: tables lie above the parties' processes. */
const TABLES = new URL('../table/read-table.js', import.meta.url);
type TableReader = (
  party: string,
  input: InputFile,
) => Promise<{ batches(): AsyncIterable<readonly (readonly string[])[]> }>;

/** Where a party's sets of rows lie. */
export const rowsFolder = (root: string): string => join(root, OWNER_FOLDER, 'rows');

/**
 * The sets of rows that a party remembers, in `.party/rows`: 8 bytes a row. A row's number is an HMAC-SHA256 of its fields under the folder's key,
 * cut to 64 bits, so that a row is the same in all versions of its dataset that have the same columns. The second of two equal rows has the next number.
 */
export class RowSets {
  constructor(
    private readonly party: string,
    private readonly root: string,
    private readonly owner: Pick<Owner, 'digest'>,
  ) {}

  /** All rows of a dataset's file, which has this digest. Undefined where it cannot be read as a table. */
  async ofDataset(digest: string, file: InputFile): Promise<RowSet | undefined> {
    const ids = `dataset-${digest.split(':')[1]}`;
    if (!(await isThere(this.pathOf(ids)))) {
      const numbers = await this.numbersOf(file);
      if (numbers === undefined) return undefined;
      await this.write(ids, numbers);
    }
    return { ids, chosen: false, bytes: statedSize(file.sizeBytes) };
  }

  /** The rows of an output. */
  async ofOutput(
    source: RowSet,
    { picks, values, by = byValues(source, values), areAll }: Pick<OutputRows, 'picks' | 'by' | 'values' | 'areAll'>,
  ): Promise<RowSet> {
    if (picks === undefined) return source;
    const all = await this.read(source.ids);
    const ids = await this.writeChosen(
      BigUint64Array.from(picks, (pick) => (pick === NO_ROW ? NO_NUMBER : all[pick]!)),
    );
    if (areAll) return { ...source, ids };
    return { ids, chosen: true, ...(by && { by }), ...(source.learnt && { learnt: source.learnt }) };
  }

  /** The rows of several tables, one after the other: as chosen, since whoever puts tables together chooses. */
  async ofUnion(sources: readonly RowSet[]): Promise<RowSet> {
    const parts = await Promise.all(sources.map(({ ids }) => this.read(ids)));
    const numbers = new BigUint64Array(parts.reduce((rows, part) => rows + part.length, 0));
    let from = 0;
    for (const part of parts) {
      numbers.set(part, from);
      from += part.length;
    }
    const learnt = sources.flatMap((source) => source.learnt ?? []);
    const chosen = sources.filter((source) => source.chosen && !source.whole);
    const ways = new Set(chosen.map(({ by }) => by && JSON.stringify([...by].sort())));
    const by = ways.size === 1 ? chosen[0]!.by : undefined;
    return {
      ids: await this.writeChosen(numbers),
      chosen: true,
      ...(chosen.length === 0 && { whole: true as const }),
      ...(by && { by }),
      ...(learnt.length > 0 && { learnt }),
    };
  }

  /** The rows of the table at `path`, which a program made: by their fields, as those of a dataset. Undefined where it cannot be read as a table. */
  async ofMade(path: string): Promise<RowSet | undefined> {
    const handle = await open(path, 'r');
    try {
      const { size: sizeBytes } = await handle.stat();
      const file = { label: path, name: path, path, sizeBytes, handle, close: () => handle.close() };
      const numbers = await this.numbersOf(file);
      return numbers && { ids: await this.writeChosen(numbers), chosen: true };
    } finally {
      await handle.close();
    }
  }

  /** The numbers of a set's rows. Throws TaskFailure POLICY_INVALID. */
  async read(ids: string): Promise<BigUint64Array> {
    const bytes = await readFile(this.pathOf(ids)).catch((error: NodeJS.ErrnoException) => {
      throw new TaskFailure(
        'POLICY_INVALID',
        `Party ${this.party}: ${OWNER_FOLDER}/rows/${ids} cannot be read (${error.code ?? 'unknown'}). The party's owner has to mend the file.`,
      );
    });
    return new BigUint64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  }

  private pathOf(ids: string): string {
    return join(rowsFolder(this.root), ids);
  }

  private async numbersOf(file: InputFile): Promise<BigUint64Array | undefined> {
    const { readTable } = (await import(placeHere(TABLES).href)) as { readonly readTable: TableReader };
    let numbers = new BigUint64Array(1024);
    let rows = 0;
    try {
      const table = await readTable(this.party, file);
      for await (const batch of table.batches()) {
        for (const row of batch) {
          if (rows === numbers.length) {
            const longer = new BigUint64Array(2 * rows);
            longer.set(numbers);
            numbers = longer;
          }
          numbers[rows] = BigInt(`0x${this.owner.digest(JSON.stringify(row)).slice(-16)}`);
          rows += 1;
        }
      }
    } catch (error) {
      if (error instanceof TaskFailure && !error.retryable) return undefined;
      throw error;
    }
    return withoutRepeats(numbers.slice(0, rows));
  }

  private async writeChosen(numbers: BigUint64Array): Promise<string> {
    const ids = `chosen-${randomBytes(16).toString('hex')}`;
    await this.write(ids, numbers);
    return ids;
  }

  private async write(ids: string, numbers: BigUint64Array): Promise<void> {
    await mkdir(rowsFolder(this.root), { recursive: true });
    const temporary = this.pathOf(`.${ids}.${randomBytes(6).toString('hex')}`);
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
      await handle.datasync();
      await rename(temporary, this.pathOf(ids));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
  }
}

/** What chose rows of a table by these values: unknown where what chose the table's is. */
function byValues({ chosen, whole, by }: RowSet, values: readonly string[] | undefined): readonly string[] | undefined {
  if (values === undefined) return by;
  return chosen && !whole ? by && [...new Set([...by, ...values])] : values;
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Gives the second of two equal numbers the next one, and so on. */
function withoutRepeats(numbers: BigUint64Array): BigUint64Array {
  const sorted = numbers.slice().sort();
  const repeated = new Map<bigint, bigint>();
  for (let at = 1; at < sorted.length; at += 1) if (sorted[at] === sorted[at - 1]) repeated.set(sorted[at]!, 0n);
  if (repeated.size === 0) return numbers;
  return numbers.map((number) => {
    const before = repeated.get(number);
    if (before === undefined) return number;
    repeated.set(number, before + 1n);
    return BigInt.asUintN(64, number + before);
  });
}
