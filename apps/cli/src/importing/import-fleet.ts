import { isObject } from '#libs/chain-domain';
import { FLEET_TYPES, PROBABILITY, type FleetField, type FleetType } from './fleet-types.js';
import { escaped, given, Ids, Notes, objectOf, objects, textOf, workOf } from './imported.js';
import type { Imported, Json, Mapping, Place } from './imported.js';

/** A table, or a model, that an earlier task writes: a reference to what it is here, by party. */
interface Written {
  readonly task: string;
  readonly field: string;
  readonly party: string | undefined;
  /** Who has the label, of a model. */
  readonly labelParty?: string | undefined;
}

/** Makes a chain of messages to a fleet of Celery workers with SecretFlow: a task of each, in their order. */
export function importFleet(document: Json, mapping: Mapping): Imported {
  return new FleetImport(document, mapping).imported();
}

class FleetImport {
  private readonly notes = new Notes();
  private readonly ids = new Ids();
  /** By the path at the fleet, as the worker sees it. */
  private readonly written = new Map<string, Written>();

  constructor(
    private readonly document: Json,
    private readonly mapping: Mapping,
  ) {}

  imported(): Imported {
    const { document, notes } = this;
    notes.rest(document, [], ['name', 'messages']);
    const messages = objects(document['messages']);
    const chainId = textOf(messages[0]?.['task_id']);
    const tasks = messages.map((message, at) => this.taskOf(message, ['messages', at]));
    return {
      chain: { chain_name: textOf(document['name']) ?? chainId ?? 'fleet', tasks },
      schedule: null,
      notes: notes.toArray(),
    };
  }

  private taskOf(message: Json, place: Place): Json {
    const platform = ['execution_id', 'spu_config', 'heu_config', 'sf_init_config'];
    this.notes.rest(message, place, ['task_id', 'subtask_id', 'task_config'], platform);
    const config = objectOf(message['task_config']);
    const at = [...place, 'task_config'];
    const name = textOf(config['task_type']) ?? 'task';
    const id = this.ids.take(textOf(message['subtask_id']) ?? name);
    const known = Object.hasOwn(FLEET_TYPES, name) ? FLEET_TYPES[name] : undefined;
    if (known === undefined || Object.hasOwn(this.mapping.types, name)) {
      const { task_type: _type, ...inputs } = config;
      return { task_id: id, ...workOf([name], inputs, this.mapping, this.notes, at), depends_on: [] };
    }
    return this.made(id, known, config, at);
  }

  private made(id: string, type: FleetType, config: Json, at: Place): Json {
    const before = new Set<string>();
    const data = objectOf(config[type.data]);
    const parties = Object.keys(data);
    const made: Record<string, unknown> = {
      [type.dataTo ?? type.data]: Object.fromEntries(
        Object.entries(data).map(([party, path]) => [
          party,
          this.input(party, path, [...at, type.data, party], before),
        ]),
      ),
    };
    if (type.byParty) made['features'] = this.byParty(config['features'], [...at, 'features'], parties);
    if (type.model) this.model(config, at, made, before);
    Object.assign(made, this.fieldsOf(type.fields, config, at));
    if (type.params) made['params'] = this.fieldsOf(type.params, objectOf(config['params']), [...at, 'params']);
    if (type.output !== undefined) this.output(id, type, config, made);
    const known = ['task_type', type.data, ...Object.keys(type.fields), ...(type.output ? [type.output] : [])];
    this.notes.rest(config, at, [
      ...known,
      ...(type.params ? ['params'] : []),
      ...(type.byParty ? ['features'] : []),
      ...(type.model ? ['model_path'] : []),
    ]);
    return {
      ...{ task_id: id, task_type: type.type },
      task_params: { sf_init_config: { parties, address: 'local' }, task_config: given(made) },
      depends_on: [...before],
    };
  }

  /** Where a table is here: what an earlier task writes, or what `--with` says. */
  private input(party: string, path: unknown, at: Place, before: Set<string>): unknown {
    const text = String(path);
    const from = this.written.get(text);
    if (from !== undefined) {
      before.add(from.task);
      return `\${tasks.${from.task}.result.${from.field}${from.party === undefined ? '' : `.${from.party}`}}`;
    }
    const table = Object.hasOwn(this.mapping.tables, text) ? this.mapping.tables[text] : undefined;
    if (table?.party === party) return table.path;
    this.notes.add(at, 'NO_TABLE', { name: text });
    return escaped(text);
  }

  /** The model that the paths lead to, which an earlier task has trained. */
  private model(config: Json, at: Place, made: Record<string, unknown>, before: Set<string>): void {
    const paths = objectOf(config['model_path']);
    const [from] = Object.values(paths).map((path) => this.written.get(String(path)));
    if (from === undefined) {
      this.notes.add([...at, 'model_path'], 'NO_TABLE', { name: Object.values(paths).map(String).join(', ') });
      made['model'] = paths;
    } else {
      before.add(from.task);
      made['model'] = `\${tasks.${from.task}.result.${from.field}}`;
    }
    made['prediction_receiver'] = from?.labelParty;
    made['prediction_name'] = PROBABILITY;
  }

  /** Files of the fleet are artifacts here: later tasks name the result. */
  private output(id: string, type: FleetType, config: Json, made: Record<string, unknown>): void {
    if (type.result === undefined) return;
    const labelParty = textOf(config['label_party']);
    const receiver = textOf(made['prediction_receiver']);
    for (const [party, path] of Object.entries(objectOf(config[type.output!]))) {
      if (type.receiver && party !== receiver) continue;
      const of = type.receiver ? undefined : party;
      this.written.set(String(path), { task: id, field: type.result, party: of, labelParty });
    }
  }

  private fieldsOf(fields: Readonly<Record<string, FleetField>>, config: Json, at: Place): Json {
    const made: Record<string, unknown> = {};
    for (const [name, { to = name, otherwise, only }] of Object.entries(fields)) {
      const value = config[name] ?? otherwise;
      if (value === undefined || value === null) continue;
      if (only?.includes(value) !== false) made[to] = typeof value === 'string' ? escaped(value) : value;
      else this.notes.add([...at, name], 'VALUE', { text: String(value) });
    }
    return made;
  }

  private byParty(value: unknown, place: Place, parties: readonly string[]): Json {
    const found: Record<string, unknown[]> = Object.fromEntries(parties.map((party) => [party, []]));
    const unknown: string[] = [];
    for (const column of Array.isArray(value) ? value.map(String) : []) {
      const party = Object.values(this.mapping.tables).find(
        (each) => parties.includes(each.party) && each.columns?.includes(column) === true,
      )?.party;
      if (party === undefined) unknown.push(column);
      else found[party]!.push(column);
    }
    if (unknown.length > 0) this.notes.add(place, 'NO_PARTY', { name: unknown.join(', ') });
    return found;
  }
}

/** Whether a document holds messages to a fleet. */
export const isOfFleet = (value: Json): boolean => {
  const messages: unknown = value['messages'];
  return (
    Array.isArray(messages) &&
    messages.some((each) => isObject(each) && isObject(each['task_config']) && 'task_type' in each['task_config'])
  );
};
