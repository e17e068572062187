import { createHmac, timingSafeEqual } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { isMap } from '../contract/json-values.js';
import { RowsApart } from '../contract/privacy.js';
import { TaskFailure, type Json } from '../contract/task-type.js';
import type { InputFile } from '../party/input-files.js';
import type { PartyContext } from '../party/party-program.js';
import { columnIndexes, isMissing, toNumber } from '../table/csv-reader.js';
import { csvRow } from '../table/csv-writer.js';
import { readTable } from '../table/read-table.js';
import type { Table } from '../table/table.js';
import type { Kind, OwnColumn } from './component-review.js';

/** One more than the distinct values of a column of codes. */
const MANY = 17;
const WHOLE = /^(0|-?[1-9]\d{0,14})$/;

/** A column of this party that goes in. */
export interface ColumnPlan {
  readonly name: string;
  readonly role: 'id' | 'feature' | 'label';
}

/** What is known of a column once all tables of its party were read. */
class ColumnScan {
  private readonly seen = new Map<string, number>();
  private whole = true;
  private number = true;
  private readonly apart: RowsApart;
  rows = 0;

  constructor(least: number) {
    this.apart = new RowsApart(least);
  }

  note(field: string): void {
    this.rows += 1;
    if (!this.seen.has(field) && this.seen.size < MANY) this.seen.set(field, this.seen.size);
    if (isMissing(field)) return;
    this.whole &&= WHOLE.test(field);
    this.number &&= toNumber(field) !== undefined;
    const value = toNumber(field);
    this.apart.add(value ?? [...field].reduce((hash, each) => (hash * 31 + each.codePointAt(0)!) % 2 ** 40, 7));
  }

  get kind(): Kind {
    if (!this.number) return 'str';
    return this.whole ? 'int' : 'float';
  }

  get areFewApart(): boolean {
    return this.apart.areFew;
  }

  get distinct(): number {
    return this.seen.size;
  }
}

export interface ScannedTable {
  readonly port: string;
  readonly path: string;
  readonly table: Table;
  readonly input: InputFile;
  readonly rows: number;
}

export interface Scan {
  readonly tables: readonly ScannedTable[];
  /** By column of the plan. */
  readonly kinds: readonly Kind[];
  /** Features and label. */
  readonly columns: readonly OwnColumn[];
  /** The first column in which too few rows differ from the most frequent value. */
  readonly fewApart: string | undefined;
}

/** Reads the party's tables once. Throws TaskFailure COLUMN_NOT_FOUND, and DUPLICATE_KEYS where keys have to differ. */
export async function scanTables(
  context: PartyContext,
  paths: readonly (readonly [port: string, path: string])[],
  plan: readonly ColumnPlan[],
  uniqueKeys: boolean,
  onOpen: (input: InputFile) => void,
): Promise<Scan> {
  const opened: { readonly port: string; readonly path: string; readonly table: Table; readonly input: InputFile }[] =
    [];
  for (const [port, path] of paths) {
    const input = await context.openInput(path);
    onOpen(input);
    opened.push({ port, path, input, table: await readTable(context.party, input) });
  }
  const scans = plan.map(() => new ColumnScan(context.minGroupRows));
  const tables: ScannedTable[] = [];
  const ids = plan.flatMap(({ role }, at) => (role === 'id' ? [at] : []));
  for (const each of opened) {
    const indexes = columnIndexes(
      each.table,
      plan.map(({ name }) => name),
    );
    const keys = new Set<string>();
    let rows = 0;
    for await (const batch of each.table.batches()) {
      for (const row of batch) {
        for (const [at, index] of indexes.entries()) scans[at]!.note(row[index]!);
        if (uniqueKeys) keys.add(JSON.stringify(ids.map((at) => row[indexes[at]!])));
        rows += 1;
      }
      context.progress(0.05 * each.table.read(), 'reading');
    }
    if (uniqueKeys && keys.size !== rows)
      throw new TaskFailure(
        'DUPLICATE_KEYS',
        `Party ${context.party}: ${each.table.label} has keys that are there twice: remove repeated ones.`,
        false,
        { party: context.party },
      );
    tables.push({ ...each, rows });
  }
  const values = plan.flatMap(({ name, role }, at) => (role === 'id' ? [] : [{ name, scan: scans[at]! }]));
  return {
    tables,
    kinds: plan.map(({ role }, at) => (role === 'id' ? 'str' : scans[at]!.kind)),
    columns: values.map(({ name, scan: { rows, distinct } }) => ({ name, rows, distinct })),
    fewApart: values.find(({ scan }) => scan.areFewApart)?.name,
  };
}

/** Leaves the named columns of a table for the party's process on SecretFlow. */
export async function writeColumns(
  folder: string,
  { port, table }: ScannedTable,
  plan: readonly ColumnPlan[],
): Promise<void> {
  const names = plan.map(({ name }) => name);
  const indexes = columnIndexes(table, names);
  const file = createWriteStream(join(folder, 'in', `${port}.csv`), { flags: 'wx', mode: 0o600 });
  file.write(csvRow(names));
  for await (const batch of table.batches()) {
    const text = batch
      .map((row) => csvRow(indexes.map((index) => (isMissing(row[index]!) ? '' : row[index]!))))
      .join('');
    if (!file.write(text)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

const FORMAT = 'taskchain/secretflow-object/v1';
const MAC = 'secretflow-object';
/** Most of a model or of rules, bytes of JSON. */
const MOST_BYTES = 256 * 1024 ** 2;

/** What a component left that is no table: a party's part of a model, of rules. */
export interface KeptObject {
  readonly component: string;
  readonly port: string;
  /** The same at all parties. */
  readonly data: Json;
  /** By place: base64. */
  readonly files: Json;
}

const macOf = (context: PartyContext, kept: KeptObject): Buffer =>
  createHmac('sha256', context.keyOf(MAC))
    .update(JSON.stringify([kept.component, kept.port, kept.data, kept.files]))
    .digest();

/** The object as its party keeps it. The party's key seals it: SecretFlow makes a program's objects of it again, so that it takes none that somebody else has written. */
export const sealed = (context: PartyContext, kept: KeptObject): object => ({
  format: FORMAT,
  ...kept,
  mac: macOf(context, kept).toString('hex'),
});

/** The object that an earlier component left. Throws TaskFailure MODEL_INCOMPATIBLE. */
export async function readObject(context: PartyContext, input: InputFile): Promise<KeptObject> {
  const fault = (why: string): TaskFailure =>
    new TaskFailure('MODEL_INCOMPATIBLE', `Party ${context.party}: ${input.label} ${why}.`, false, {
      party: context.party,
    });
  if (input.sizeBytes > MOST_BYTES) throw fault(`has more than ${MOST_BYTES} bytes`);
  const value = parsed(await input.handle.readFile('utf8'));
  const { format, component, port, data, files, mac } = isMap(value) ? value : {};
  const kept = { component, port, data, files } as KeptObject;
  if (format !== FORMAT || typeof mac !== 'string' || !isMap(data) || !isMap(files))
    throw fault('was left by no component of SecretFlow');
  const own = macOf(context, kept);
  const theirs = Buffer.from(mac, 'hex');
  if (theirs.length !== own.length || !timingSafeEqual(own, theirs))
    throw fault('is not as a component of SecretFlow left it with this party');
  return kept;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What the party's process on SecretFlow left of an output, or undefined. */
export async function readLeft(folder: string, port: string): Promise<unknown> {
  const text = await readFile(join(folder, 'out', `${port}.json`), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parsed(text);
}

/** The table that it left of an output, or undefined. The caller closes it. */
export async function openLeft(folder: string, port: string): Promise<InputFile | undefined> {
  const path = join(folder, 'out', `${port}.csv`);
  const handle = await open(path, 'r').catch(() => undefined);
  if (handle === undefined) return undefined;
  const { size: sizeBytes } = await handle.stat();
  return { label: `output ${port}`, name: `${port}.csv`, path, sizeBytes, handle, close: () => handle.close() };
}

export const writeJsonTo = (folder: string, name: string, value: unknown): Promise<void> =>
  writeFile(join(folder, name), JSON.stringify(value), { flag: 'wx', mode: 0o600 });
