import { isObject } from '#libs/chain-domain';
import { escaped, given, Ids, Notes, objectOf, objects, textOf, workOf } from './imported.js';
import type { Imported, Json, Mapping, Place } from './imported.js';
import { COMPONENTS, type Component } from './secretpad-components.js';

/** A table on the way: a path for each party, or one reference to all of them. */
interface Table {
  readonly parties: readonly string[];
  readonly data: Json | string;
}

interface Node {
  readonly id: string;
  readonly code: string;
  readonly place: Place;
  readonly attrs: ReadonlyMap<string, readonly [unknown, Place]>;
  readonly json: Json;
}

/** Makes a chain of a graph of SecretPad, whose nodes hold a NodeEvalParam of SecretFlow each. */
export function importSecretPad(document: Json, mapping: Mapping): Imported {
  return new SecretPadImport(document, mapping).imported();
}

class SecretPadImport {
  private readonly notes = new Notes();
  private readonly ids = new Ids();
  private readonly tables = new Map<string, Table>();
  private readonly done = new Map<string, Json | null>();
  private readonly nodes: ReadonlyMap<string, Node>;
  private readonly edges: readonly Json[];

  constructor(
    private readonly document: Json,
    private readonly mapping: Mapping,
  ) {
    const nodes = objects(document['nodes']).map((json, i): Node => {
      const id = String(json['graphNodeId']);
      return {
        id,
        code: String(json['codeName']),
        place: ['nodes', i],
        attrs: attrsOf(objectOf(json['nodeDef']), ['nodes', i, 'nodeDef']),
        json,
      };
    });
    this.nodes = new Map(nodes.map((node) => [node.id, node]));
    this.edges = objects(document['edges']);
  }

  imported(): Imported {
    const { document, notes } = this;
    notes.rest(
      document,
      [],
      ['projectId', 'graphId', 'name', 'nodes', 'edges', 'maxParallelism'],
      ['dataSourceConfig'],
    );
    for (const key of ['x', 'y', 'status', 'version']) {
      if ([...this.nodes.values()].some(({ json }) => json[key] !== undefined)) notes.add(['nodes', '*', key], 'SHOWN');
    }
    const most = Number(document['maxParallelism']);
    const tasks = [...this.nodes.values()].map((node) => this.taskOf(node)).filter((task) => task !== null);
    const chain = given({
      chain_name: textOf(document['name']) ?? textOf(document['graphId']) ?? 'graph',
      tasks,
      options: most > 0 ? { max_parallel: most } : undefined,
    });
    return { chain, schedule: null, notes: notes.toArray() };
  }

  /** The task of a node; null: it is a table. */
  private taskOf(node: Node): Json | null {
    const known = this.done.get(node.id);
    if (known !== undefined) return known;
    this.done.set(node.id, null);
    const task = node.code === 'read_data/datatable' ? this.readTable(node) : this.made(node);
    this.done.set(node.id, task);
    return task;
  }

  private readTable(node: Node): null {
    const name = String(node.attrs.get('datatable_selected')?.[0]);
    for (const [path, [, place]] of node.attrs) if (path !== 'datatable_selected') this.notes.add(place, 'UNKNOWN');
    const table = Object.hasOwn(this.mapping.tables, name) ? this.mapping.tables[name]! : undefined;
    if (table === undefined) this.notes.add(node.place, 'NO_TABLE', { name });
    const { party, path } = table ?? { party: name, path: name };
    this.tables.set(`${node.id}-output-0`, { parties: [party], data: { [party]: path } });
    return null;
  }

  private made(node: Node): Json {
    const { place, code, json } = node;
    this.notes.rest(json, place, [
      'codeName',
      'graphNodeId',
      'label',
      'inputs',
      'outputs',
      'nodeDef',
      'x',
      'y',
      'status',
      'version',
      'progress',
    ]);
    this.notes.rest(
      objectOf(json['nodeDef']),
      [...place, 'nodeDef'],
      ['domain', 'name', 'version', 'attrPaths', 'attrs'],
      ['inputs', 'outputUris', 'checkpointUri'],
    );
    const sources = this.edges
      .filter((edge) => edge['target'] === node.id)
      .map((edge) => ({
        anchor: String(edge['sourceAnchor']),
        at: Number(/(\d+)$/.exec(String(edge['targetAnchor']))?.[1] ?? 0),
        from: this.nodes.get(String(edge['source'])),
      }))
      .sort((a, b) => a.at - b.at);
    const before = sources.flatMap(({ from }) => {
      const task = from === undefined ? null : this.taskOf(from);
      return task === null ? [] : [String(task['task_id'])];
    });
    const id = this.ids.take(textOf(json['label']) ?? code.split('/').at(-1)!);
    const inputs = sources.map(({ anchor }) => this.tables.get(anchor));
    const work = code === 'data_prep/psi' ? this.psi(node, id, inputs) : this.other(node, id, inputs);
    return given({ task_id: id, task_name: textOf(json['label']), ...work, depends_on: [...new Set(before)] });
  }

  private psi(node: Node, id: string, inputs: readonly (Table | undefined)[]): Json {
    const parties = inputs.flatMap((each) => each?.parties ?? []);
    const keys = ['input/input_ds1/keys', 'input/input_ds2/keys'].map((path) => node.attrs.get(path)?.[0] ?? []);
    const receivers = [node.attrs.get('receiver_parties')?.[0] ?? []].flat();
    const protocol = node.attrs.get('protocol');
    const read = [
      'input/input_ds1/keys',
      'input/input_ds2/keys',
      'receiver_parties',
      'protocol',
      'sort_result',
      'allow_empty_result',
    ];
    this.unread(node, read);
    if (protocol !== undefined && !/^PROTOCOL_ECDH$|^$/.test(String(protocol[0])))
      this.notes.add(protocol[1], 'VALUE', { text: String(protocol[0]) });
    this.tables.set(`${node.id}-output-0`, { parties, data: `\${tasks.${id}.result.output_paths}` });
    return work(
      'psi',
      parties,
      given({
        keys: Object.fromEntries(parties.map((party, i) => [party, keys[i] ?? []])),
        input_paths: merged(inputs),
        receiver: receivers.length === 1 ? receivers[0] : undefined,
        allow_empty_result: node.attrs.get('allow_empty_result')?.[0] === true ? true : undefined,
      }),
    );
  }

  private other(node: Node, id: string, inputs: readonly (Table | undefined)[]): Json {
    const component: Component | undefined = COMPONENTS[node.code];
    if (component === undefined || Object.hasOwn(this.mapping.types, node.code)) {
      const given = Object.fromEntries([...node.attrs].map(([path, [value]]) => [path, value]));
      const tables = Object.fromEntries(
        inputs.flatMap((each, i) => (each === undefined ? [] : [[`input${i}`, each.data]])),
      );
      const parties = inputs.find((each) => each !== undefined)?.parties ?? [];
      objects([node.json])
        .flatMap(({ outputs }) => (Array.isArray(outputs) ? outputs : []))
        .forEach((anchor) => this.tables.set(String(anchor), { parties, data: `\${tasks.${id}.result.output_paths}` }));
      return workOf(
        [node.code],
        { ...given, ...tables },
        this.mapping,
        this.notes,
        node.place,
        (input) => node.attrs.get(input)?.[1] ?? [...node.place, input],
      );
    }
    const table = component.model === undefined ? inputs[0] : inputs[1 - component.model];
    const parties = table?.parties ?? [];
    const config: Record<string, unknown> = { [component.data]: table?.data };
    if (component.model !== undefined) config['model'] = inputs[component.model]?.data;
    const read = Object.keys(component.attrs);
    for (const [path, goes] of Object.entries(component.attrs)) {
      const found = node.attrs.get(path);
      if (found !== undefined) put(config, goes, one(goes, found[0]));
    }
    if (component.columns !== undefined) {
      const path = 'input/input_ds/feature_selects';
      config[component.columns] = this.byParty(node, path, parties);
      read.push(path);
    }
    if (component.label === true) {
      const [label, place] = node.attrs.get('input/input_ds/label') ?? [undefined, node.place];
      const name = [label].flat()[0];
      const party = this.partyOf(String(name), parties);
      if (party === undefined) this.notes.add(place, 'NO_PARTY', { name: String(name) });
      Object.assign(config, { label: name, label_party: party ?? parties[0] });
      read.push('input/input_ds/label');
    }
    this.unread(node, read);
    component.outputs.forEach((field, i) => {
      this.tables.set(`${node.id}-output-${i}`, this.outputOf(component, id, field, parties, config));
    });
    return work(component.type, parties, given(config));
  }

  private outputOf({ type }: Component, id: string, field: string, parties: readonly string[], config: Json): Table {
    const data = `\${tasks.${id}.result.${field}}`;
    if (type !== 'predict') return { parties, data };
    const receiver = String(config['prediction_receiver'] ?? parties[0]);
    return { parties: [receiver], data: { [receiver]: data } };
  }

  private byParty(node: Node, path: string, parties: readonly string[]): Json {
    const [value, place] = node.attrs.get(path) ?? [[], node.place];
    const found: Record<string, unknown[]> = {};
    const unknown: unknown[] = [];
    for (const column of [value].flat()) {
      const party = this.partyOf(String(column), parties);
      if (party === undefined) unknown.push(column);
      else (found[party] ??= []).push(column);
    }
    if (unknown.length > 0) this.notes.add(place, 'NO_PARTY', { name: unknown.join(', ') });
    return found;
  }

  private partyOf(column: string, parties: readonly string[]): string | undefined {
    return Object.values(this.mapping.tables).find(
      (each) => parties.includes(each.party) && each.columns?.includes(column) === true,
    )?.party;
  }

  private unread(node: Node, read: readonly string[]): void {
    for (const [path, [, place]] of node.attrs)
      if (!read.includes(path)) this.notes.add(place, 'VALUE', { text: path });
  }
}

const work = (task_type: string, parties: readonly string[], task_config: Json): Json => ({
  task_type,
  task_params: { sf_init_config: { parties, address: 'local' }, task_config },
});

/** Attributes that name one column or party are lists there. */
const one = (goes: string, value: unknown): unknown => {
  const isOne = ['label_column', 'prediction_column', 'prediction_receiver'].includes(goes);
  const first: unknown = isOne && Array.isArray(value) ? value[0] : value;
  return goes === 'params.penalty' ? String(first).toLowerCase() : first;
};

function put(config: Record<string, unknown>, goes: string, value: unknown): void {
  const [group, name] = goes.split('.');
  if (name === undefined) config[group!] = value;
  else config[group!] = { ...objectOf(config[group!]), [name]: value };
}

/** The tables of several parties as one. */
function merged(tables: readonly (Table | undefined)[]): Json | string {
  const [first, second] = tables.filter((each) => each !== undefined);
  if (second === undefined) return first?.data ?? {};
  return Object.fromEntries(
    tables.flatMap((each) =>
      (each?.parties ?? []).map((party) => [
        party,
        isObject(each!.data) ? each!.data[party] : each!.data.replace(/\}$/, `.${party}}`),
      ]),
    ),
  );
}

/** The values of attributes by their paths: `attrs` lies beside `attrPaths`. */
function attrsOf(nodeDef: Json, place: Place): ReadonlyMap<string, readonly [unknown, Place]> {
  const paths = Array.isArray(nodeDef['attrPaths']) ? nodeDef['attrPaths'].map(String) : [];
  const values = objects(nodeDef['attrs']);
  return new Map(
    paths.flatMap((path, i) => {
      const value = valueOf(values[i] ?? {});
      return value === undefined ? [] : [[path, [value, [...place, 'attrs', i]]] as const];
    }),
  );
}

/** The value of an Attribute; int64 is a text in the JSON of protobuf. */
function valueOf({ f, i64, s, b, ss, i64s, fs, bs, is_na: isNa, isNa: isNaToo }: Json): unknown {
  if (isNa === true || isNaToo === true) return undefined;
  if (i64 !== undefined) return Number(i64);
  if (Array.isArray(i64s)) return i64s.map(Number);
  if (typeof s === 'string') return escaped(s);
  if (Array.isArray(ss)) return ss.map((each) => escaped(String(each)));
  return f ?? b ?? fs ?? bs;
}
