import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMap } from '../contract/json-values.js';
import { PeerMessage } from '../contract/peer-message.js';
import { TaskFailure, type Json, type JsonObject, type JsonSchema } from '../contract/task-type.js';
import { sha256 } from '../party/hashes.js';
import type { InputFile } from '../party/input-files.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import type { OutputRows } from '../party/row-sets.js';
import { writeJson } from '../party/write-json.js';
import { readTable } from '../table/read-table.js';
import { writeTable } from '../table/write-table.js';
import { agreeOnRows } from '../vertical/agree-on-rows.js';
import {
  openLeft,
  readLeft,
  readObject,
  scanTables,
  sealed,
  writeColumns,
  writeJsonTo,
  type ColumnPlan,
  type Scan,
} from './component-files.js';
import { findComponent, isOfTables, isReport, type ListedComponent } from './component-list.js';
import { FLOOR, KINDS, textOf, type Asked, type Kind } from './component-review.js';
import { REVIEWED } from './reviewed-components.js';

export interface ComponentPartyArgs {
  readonly component: string;
  readonly protocol: string;
  readonly attrs: JsonObject;
  /** Path by party and input: of the own party alone, of others the inputs without paths. */
  readonly inputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Of all parties, as all know them from the task. */
  readonly columns: Readonly<Record<string, readonly ColumnPlan[]>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly labelParty: string | null;
  readonly folder: string;
}

export interface ComponentPartyValue {
  /** Reference by output. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** Ends on the progress bar: of reading, of the component. Then comes writing. */
export const READ = 0.1;
export const COMPUTED = 0.95;
/** Of a digest, in hex, with its name. */
const DIGEST_LENGTH = 80;

/**
 * One party of a component: reads the named columns of its tables and counts what the component opens, leaves them for the party's process on SecretFlow, and keeps
 * what comes out: tables and objects as its own, reports for its own readers.
 */
export const run: PartyProgram<ComponentPartyArgs, ComponentPartyValue> = async (context, args) => {
  const inputs: InputFile[] = [];
  try {
    return await withInputs(context, args, inputs);
  } finally {
    for (const input of inputs) await input.close();
  }
};

async function withInputs(
  context: PartyContext,
  args: ComponentPartyArgs,
  opened: InputFile[],
): Promise<ComponentPartyValue> {
  const { party, peers } = context;
  const { component, folder } = args;
  const listed = findComponent(component)!;
  const reviewed = REVIEWED[component];
  const own = args.inputs[party]!;
  const plan = args.columns[party]!;
  const isTable = new Map(listed.inputs.map((port) => [port.port, isOfTables(port)]));
  const paths = Object.entries(own);
  const scan = await scanTables(
    context,
    paths.filter(([port]) => isTable.get(port)),
    plan,
    reviewed?.uniqueKeys === true,
    (input) => opened.push(input),
  );
  const objects: Record<string, JsonObject> = {};
  for (const [port, path] of paths) {
    if (isTable.get(port)) continue;
    const input = await context.openInput(path);
    opened.push(input);
    const { data, files } = await readObject(context, input);
    requireParties(context, path, data);
    objects[port] = { data, files };
  }
  if (reviewed === undefined && context.datasets.length === 0)
    throw new TaskFailure(
      'COMPONENT_NOT_REVIEWED',
      `Party ${party}: nobody has reviewed what ${component} sends, and no policy of an owner allows it here: it takes datasets of a claimed folder.`,
      false,
      { party },
    );
  for (const { path, rows } of reviewed?.aligned ? scan.tables : [])
    await agreeOnRows(context, peers, { path, rows, figures: 'what a component opens' });
  if (reviewed?.refusesFewApart && peers.length > 0) requireApart(context, scan);
  if (reviewed?.rowsEach !== undefined && peers.length > 0) requireRows(context, args, scan, reviewed.rowsEach);
  const kinds = await agreeOnKinds(context, args, scan.kinds, objects);
  await count(context, args, scan, kinds);

  await mkdir(join(folder, 'in'), { recursive: true, mode: 0o700 });
  for (const table of scan.tables) await writeColumns(folder, table, plan);
  for (const [port, kept] of Object.entries(objects)) await writeJsonTo(folder, join('in', `${port}.json`), kept);
  const bins = reviewed?.refusesSmallBins && { rows: context.minGroupRows, of_class: FLOOR.ofClass };
  await writeJsonTo(folder, 'component.json', { ...taskOf(args, kinds), ...(bins && { bins }) });
  context.progress(READ, 'reading');
  await context.outside();
  return { outputs: await keep(context, args, scan) };
}

/** The component's task, of which each party's process gets the same. */
function taskOf(args: ComponentPartyArgs, kinds: Readonly<Record<string, readonly Kind[]>>): JsonObject {
  const { component, protocol, attrs } = args;
  const listed = findComponent(component)!;
  const parties = Object.keys(args.inputs).sort();
  return {
    component,
    protocol,
    attrs,
    floats: floatsOf(listed),
    inputs: listed.inputs.map((port) => ({
      port: port.port,
      ...(isOfTables(port) && {
        parties: Object.fromEntries(
          parties
            .filter((party) => Object.hasOwn(args.inputs[party]!, port.port))
            .map((party) => [
              party,
              args.columns[party]!.map((column, at) => ({ ...column, kind: kinds[party]![at]! })).filter(
                (column) => !isIdOfReceiver(args, party, column),
              ),
            ]),
        ),
      }),
    })),
    outputs: listed.outputs.map(({ port }) => port),
  };
}

/** Where predictions are kept beside ids, SecretFlow takes the first column of that name, which has to be that of the party that gets them. */
function isIdOfReceiver({ attrs, columns }: ComponentPartyArgs, party: string, { name, role }: ColumnPlan): boolean {
  const receiver = textOf(attrs['receiver']);
  if (role !== 'id' || receiver === undefined || receiver === party) return false;
  return columns[receiver]?.some((column) => column.name === name) ?? false;
}

/** Parameters that are no whole numbers: JSON writes 1.0 as 1, which SecretFlow would take for another kind, and so for 0. */
const floatsOf = ({ attrs }: ListedComponent): string[] =>
  Object.entries(attrs['properties'] as Readonly<Record<string, JsonSchema>>).flatMap(([path, { type, items }]) =>
    type === 'number' || (isMap(items) && items['type'] === 'number') ? [path] : [],
  );

/** All know the columns by the task; their kinds follow from the rows. All have the same object, each its part of it. Throws PROTOCOL_VIOLATION, MODEL_INCOMPATIBLE. */
async function agreeOnKinds(
  context: PartyContext,
  args: ComponentPartyArgs,
  own: readonly Kind[],
  objects: Readonly<Record<string, JsonObject>>,
): Promise<Readonly<Record<string, readonly Kind[]>>> {
  const ports = Object.keys(objects).sort();
  const digests = Object.fromEntries(ports.map((port) => [port, sha256(JSON.stringify(objects[port]!['data']))]));
  for (const peer of context.peers) await context.send(peer, { kinds: [...own], digests });
  const kinds: Record<string, readonly Kind[]> = { [context.party]: own };
  for (const peer of context.peers) {
    const message = new PeerMessage(peer, await context.receiveJson<unknown>(peer));
    const columns = args.columns[peer]!.length;
    const theirs = message.list('kinds', columns, (each): each is Kind => (KINDS as readonly unknown[]).includes(each));
    if (theirs.length !== columns)
      throw new TaskFailure('PROTOCOL_VIOLATION', `Party ${peer} sent kinds of other columns.`, false, { party: peer });
    kinds[peer] = theirs;
    const parts = message.part('digests');
    if (ports.some((port) => parts.text(port, DIGEST_LENGTH) !== digests[port]))
      throw new TaskFailure('MODEL_INCOMPATIBLE', 'The parts of the parties are not of one run of a component.');
  }
  return kinds;
}

/** An object of other parties would be read by nobody, or by whom it is not for. */
function requireParties(context: PartyContext, path: string, data: Json): void {
  const refs = isMap(data) && Array.isArray(data['data_refs']) ? (data['data_refs'] as unknown[]) : [];
  const all = new Set([context.party, ...context.peers]);
  if (refs.every((ref) => isMap(ref) && all.has(ref['party'] as string))) return;
  throw new TaskFailure('MODEL_INCOMPATIBLE', `Party ${context.party}: ${path} is of other parties than the task.`);
}

function requireApart({ party, minGroupRows }: PartyContext, { fewApart }: Scan): void {
  if (fewApart === undefined) return;
  throw new TaskFailure(
    'GROUP_TOO_SMALL',
    `Party ${party}: under ${minGroupRows} rows of column ${JSON.stringify(fewApart)} differ from its most frequent value, so that the result would reveal these rows; leave it out.`,
    false,
    { party, min_rows: minGroupRows },
  );
}

/** Throws GROUP_TOO_SMALL where figures of all columns would be too many equations about the rows. */
function requireRows(context: PartyContext, args: ComponentPartyArgs, { tables }: Scan, each: number): void {
  const columns = Object.values(args.columns)
    .flat()
    .filter(({ role }) => role === 'feature').length;
  const min_rows = Math.max(each * columns, context.minGroupRows);
  const rows = Math.max(0, ...tables.map((table) => table.rows));
  if (rows >= min_rows) return;
  throw new TaskFailure(
    'GROUP_TOO_SMALL',
    `Party ${context.party}: there are under ${min_rows} rows for ${columns} features. Each figure is an equation about the rows: have at least ${each} for each feature, or take fewer features.`,
    false,
    { party: context.party, min_rows },
  );
}

/** Before a byte of it is left for the process that opens it. */
async function count(
  context: PartyContext,
  args: ComponentPartyArgs,
  { columns, tables }: Scan,
  kinds: Readonly<Record<string, readonly Kind[]>>,
): Promise<void> {
  const { party, peers, minGroupRows: least } = context;
  if (peers.length === 0) return;
  const features = Object.fromEntries(
    Object.entries(args.columns).map(([each, plan]) => [
      each,
      kinds[each]!.filter((_, at) => plan[at]!.role === 'feature'),
    ]),
  );
  const keys = args.columns[party]!.filter(({ role }) => role === 'id').map(({ name }) => name);
  const rows = Math.max(0, ...tables.map((table) => table.rows));
  const reviewed = REVIEWED[args.component];
  const opening = { ...askedFrom(args), party, peers, columns, keys, rows, least, features };
  const all = reviewed ? (reviewed.opens?.(opening) ?? []) : [{ columns: [], counts: { rows } }];
  // How it ends, and how much comes out, is seen as well.
  for (const opened of [{ columns: [], ofRows: true as const }, ...all]) await context.reserve(opened);
}

const askedFrom = (args: ComponentPartyArgs): Asked => ({
  parties: Object.keys(args.inputs).sort(),
  protocol: args.protocol,
  attrs: args.attrs,
  inputs: args.inputs,
  label: Object.values(args.columns)
    .flat()
    .find(({ role }) => role === 'label')?.name,
  labelParty: args.labelParty ?? undefined,
});

/** Keeps what came out. Throws PROTOCOL_VIOLATION for a column that the component does not make. */
async function keep(context: PartyContext, args: ComponentPartyArgs, scan: Scan): Promise<Record<string, string>> {
  const { component, folder } = args;
  const references: Record<string, string> = {};
  const reports: Record<string, Json> = {};
  const [first, ...also] = scan.tables.map(({ path }) => path);
  const from = { of: first!, also, learnt: [first!, ...also] } as const;
  for (const port of findComponent(component)!.outputs) {
    const name = port.port;
    if (isReport(port)) {
      const report = await readLeft(folder, name);
      if (report !== undefined) reports[name] = report as Json;
    } else if (isOfTables(port)) {
      const reference = await keepTable(context, args, name, { ...from, isMade: true });
      if (reference !== undefined) references[name] = reference;
    } else {
      const left = await readLeft(folder, name);
      if (!isMap(left)) continue;
      const kept = { component, port: name, data: left['data'] as Json, files: left['files'] as Json };
      references[name] = await writeJson(context, null, `${name}.json`, sealed(context, kept), from);
    }
  }
  if (Object.keys(reports).length > 0) context.keepResult({ reports });
  return references;
}

async function keepTable(
  context: PartyContext,
  args: ComponentPartyArgs,
  port: string,
  rows: OutputRows,
): Promise<string | undefined> {
  const left = await openLeft(args.folder, port);
  if (left === undefined) return undefined;
  try {
    const table = await readTable(context.party, left);
    const reviewed = REVIEWED[args.component];
    const known = new Set([
      ...args.columns[context.party]!.map(({ name }) => name),
      ...(reviewed?.adds?.(askedFrom(args)) ?? []),
    ]);
    if (reviewed && table.columns.some((column) => !known.has(column)))
      throw new TaskFailure(
        'PROTOCOL_VIOLATION',
        `Party ${context.party}: ${port} of ${args.component} has a column that the component does not make.`,
        false,
        { party: context.party },
      );
    const request = { target: args.outputs[port], name: `${port}.csv`, rows };
    const output = await writeTable(context, request, table.columns);
    for await (const batch of table.batches()) {
      await output.rows(batch);
      context.progress(COMPUTED + (1 - COMPUTED) * table.read(), 'writing');
    }
    await output.finish();
    return output.reference;
  } finally {
    await left.close();
  }
}
