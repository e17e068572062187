import { isObject } from '#libs/chain-domain';
import { itemsOf, MOST_TASKS, paramsOf, retriesOf, scheduleOf } from './argo-parts.js';
import { conditionOf, dependsOf, secondsOf, translated, type Scope } from './argo-texts.js';
import { given, Ids, Notes, objectOf, objects, textOf, workOf } from './imported.js';
import type { Imported, Json, Mapping, Place } from './imported.js';

const WORK = ['container', 'script', 'resource', 'http', 'containerSet', 'data', 'plugin'];
const POD = [
  ...[
    'volumes',
    'volumeClaimTemplates',
    'volumeClaimGC',
    'serviceAccountName',
    'automountServiceAccountToken',
    'podGC',
  ],
  ...['nodeSelector', 'affinity', 'tolerations', 'imagePullSecrets', 'securityContext', 'podSpecPatch', 'podMetadata'],
  ...['artifactRepositoryRef', 'artifactGC', 'archiveLogs', 'ttlStrategy', 'executor', 'initContainers', 'sidecars'],
  ...[
    'hostAliases',
    'hostNetwork',
    'dnsPolicy',
    'dnsConfig',
    'schedulerName',
    'podPriorityClassName',
    'podDisruptionBudget',
  ],
  ...['metrics', 'workflowMetadata', 'archiveLocation', 'metadata', 'daemon'],
];

/** A template as it is called. */
interface Call {
  readonly name: string;
  readonly template: string;
  readonly place: Place;
  readonly dependsOn: readonly string[];
  readonly more: Json;
  readonly inputs: ReadonlyMap<string, unknown>;
  readonly stack: readonly string[];
}

/** Makes a chain of a Workflow, WorkflowTemplate, ClusterWorkflowTemplate or CronWorkflow of Argo Workflows. */
export function importArgo(document: Json, mapping: Mapping): Imported {
  return new ArgoImport(document, mapping).imported();
}

class ArgoImport {
  private readonly notes = new Notes();
  private readonly ids = new Ids();
  private readonly tasks: Json[] = [];
  private readonly at: Place;
  private readonly spec: Json;
  private readonly templates = new Map<string, readonly [Json, Place]>();

  constructor(
    private readonly document: Json,
    private readonly mapping: Mapping,
  ) {
    const isCron = document['kind'] === 'CronWorkflow';
    const spec = objectOf(document['spec']);
    this.at = isCron ? ['spec', 'workflowSpec'] : ['spec'];
    this.spec = isCron ? objectOf(spec['workflowSpec']) : spec;
    objects(this.spec['templates']).forEach((template, i) =>
      this.templates.set(textOf(template['name']) ?? '', [template, [...this.at, 'templates', i]]),
    );
  }

  imported(): Imported {
    const { spec, at, notes } = this;
    notes.rest(this.document, [], ['apiVersion', 'kind', 'metadata', 'spec'], ['status']);
    const metadata = objectOf(this.document['metadata']);
    notes.rest(
      metadata,
      ['metadata'],
      ['name', 'generateName', 'labels'],
      ['namespace', 'annotations', 'uid', 'creationTimestamp'],
    );
    const known = ['entrypoint', 'templates', 'arguments', 'activeDeadlineSeconds', 'parallelism'];
    notes.rest(spec, at, known, POD);
    const params = paramsOf(spec, at, notes);
    const entry = textOf(spec['entrypoint']) ?? '';
    const more = { name: '', template: entry, dependsOn: [], more: {}, inputs: new Map(), stack: [] };
    this.place({ ...more, place: [...at, 'entrypoint'] });
    const [main] = this.templates.get(entry) ?? [{} as Json];
    const isPatient = objectOf(main['dag'])['failFast'] === false;
    if (
      !isPatient &&
      this.tasks.some(
        (task) => String(task['trigger_rule'] ?? '').endsWith('_failed') && task['trigger_rule'] !== 'none_failed',
      )
    ) {
      notes.add(at, 'STOPS');
    }
    const options = given({
      timeout: secondsOf(spec['activeDeadlineSeconds']),
      max_parallel: typeof spec['parallelism'] === 'number' ? spec['parallelism'] : undefined,
      stop_on_error: isPatient ? false : undefined,
    });
    const labels = objectOf(metadata['labels']);
    const chain = given({
      chain_name: textOf(metadata['name']) ?? textOf(metadata['generateName'])?.replace(/-+$/, '') ?? 'workflow',
      ...params,
      tasks: this.tasks,
      options: Object.keys(options).length > 0 ? options : undefined,
      labels: Object.keys(labels).length > 0 ? labels : undefined,
    });
    return { chain, schedule: scheduleOf(this.document, chain, notes), notes: notes.toArray() };
  }

  /** Adds the tasks of a call, and returns the ids of its last ones. */
  private place(call: Call): string[] {
    const [template, at] = this.templates.get(call.template) ?? [];
    if (template === undefined) {
      this.notes.add(call.place, 'NO_TEMPLATE', { name: call.template });
      return [...call.dependsOn];
    }
    if (call.stack.includes(call.template)) {
      this.notes.add(call.place, 'RECURSION');
      return [...call.dependsOn];
    }
    if (this.tasks.length >= MOST_TASKS) {
      this.notes.add(this.at, 'TOO_MANY');
      return [...call.dependsOn];
    }
    const inputs = this.inputsOf(template, at!, call);
    const inner = { ...call, inputs, stack: [...call.stack, call.template] };
    const isGroup = template['dag'] !== undefined || template['steps'] !== undefined;
    const known = ['name', 'inputs', 'outputs', 'dag', 'steps', 'suspend', ...WORK];
    const rules = isGroup ? [] : ['retryStrategy', 'timeout', 'activeDeadlineSeconds'];
    this.notes.rest(template, at!, [...known, ...rules], POD);
    if (!isGroup) return [this.leaf(template, at!, inner)];
    if (call.more['for_each'] !== undefined) this.notes.add(call.place, 'LOOP_OF_TASKS');
    return template['dag'] === undefined ? this.steps(template, at!, inner) : this.dag(template, at!, inner);
  }

  private inputsOf(template: Json, at: Place, call: Call): Map<string, unknown> {
    const place = [...at, 'inputs'];
    const declared = objectOf(template['inputs']);
    this.notes.rest(declared, place, ['parameters', 'artifacts']);
    const inputs = new Map<string, unknown>();
    for (const kind of ['parameters', 'artifacts'] as const) {
      objects(declared[kind]).forEach((each, i) => {
        const name = String(each['name']);
        const known =
          kind === 'parameters' ? ['name', 'value', 'default', 'description', 'enum'] : ['name', 'path', 'optional'];
        this.notes.rest(each, [...place, kind, i], known);
        const value = call.inputs.get(name) ?? each['value'] ?? each['default'];
        if (value !== undefined) inputs.set(name, value);
      });
    }
    return inputs;
  }

  private leaf(template: Json, at: Place, call: Call): string {
    const id = this.ids.take(call.name || call.template);
    const suspend = template['suspend'];
    const duration = isObject(suspend) ? secondsOf(suspend['duration']) : undefined;
    const work =
      duration === undefined
        ? workOf([call.template], Object.fromEntries(call.inputs), this.mapping, this.notes, at, (input) => [
            ...at,
            'inputs',
            input,
          ])
        : { task_type: 'wait', task_params: { task_config: { seconds: duration } } };
    const limit = template['timeout'] ?? template['activeDeadlineSeconds'];
    const timeout = limit === undefined ? undefined : secondsOf(limit);
    if (limit !== undefined && timeout === undefined)
      this.notes.add([...at, 'timeout'], 'DURATION', { text: String(limit) });
    this.tasks.push(
      given({
        task_id: id,
        ...work,
        depends_on: call.dependsOn,
        ...call.more,
        timeout: duration === undefined ? timeout : undefined,
        retry_policy:
          duration === undefined
            ? retriesOf(template['retryStrategy'], [...at, 'retryStrategy'], this.notes)
            : undefined,
      }),
    );
    return id;
  }

  private steps(template: Json, at: Place, call: Call): string[] {
    let before = [...call.dependsOn];
    const ids = new Map<string, string>();
    let isFirst = true;
    for (const [i, group] of (Array.isArray(template['steps']) ? template['steps'] : []).entries()) {
      const members = Array.isArray(group) ? objects(group) : objects([group]);
      const ends = members.map((step, j) => {
        const place = [...at, 'steps', i, j];
        return this.member(step, place, call, { dependsOn: before, more: isFirst ? call.more : {}, ids });
      });
      before = ends.flat();
      isFirst = false;
    }
    return before;
  }

  private dag(template: Json, at: Place, call: Call): string[] {
    const dag = objectOf(template['dag']);
    this.notes.rest(dag, [...at, 'dag'], ['tasks', 'failFast']);
    const members = new Map(
      objects(dag['tasks']).map((task, i) => [String(task['name']), [task, [...at, 'dag', 'tasks', i]] as const]),
    );
    const ids = new Map<string, string>();
    const ends = new Map<string, string[]>();
    const named = new Set<string>();
    const endsOf = (name: string): string[] => {
      const known = ends.get(name);
      if (known !== undefined) return known;
      ends.set(name, []);
      const [task, place] = members.get(name)!;
      const { names, rule } = this.dependencies(task, place);
      const before = names.filter((each) => members.has(each));
      names
        .filter((each) => !members.has(each))
        .forEach((each) => this.notes.add(place, 'NO_TEMPLATE', { name: each }));
      before.forEach((each) => named.add(each));
      const dependsOn = before.length === 0 ? call.dependsOn : before.flatMap(endsOf);
      const more = before.length === 0 ? call.more : given({ trigger_rule: rule === 'all_success' ? undefined : rule });
      const found = this.member(task, place, call, { dependsOn, more, ids });
      ends.set(name, found);
      return found;
    };
    for (const name of members.keys()) endsOf(name);
    return [...members.keys()].filter((name) => !named.has(name)).flatMap((name) => ends.get(name)!);
  }

  private dependencies(task: Json, place: Place): { names: string[]; rule?: string | undefined } {
    const depends = textOf(task['depends']);
    if (depends === undefined) {
      const names = Array.isArray(task['dependencies']) ? task['dependencies'].map(String) : [];
      return { names, rule: names.length > 0 && this.maySkip() ? 'none_failed' : 'all_success' };
    }
    const { names, rule } = dependsOf(depends);
    if (rule === undefined) this.notes.add([...place, 'depends'], 'DEPENDS', { text: depends });
    return { names, rule: rule === 'none_failed' && !this.maySkip() ? 'all_success' : rule };
  }

  /** Whether tasks can be skipped at all: else a task that waits for success or skipping waits for success. */
  private maySkip(): boolean {
    return JSON.stringify(this.spec['templates'] ?? []).includes('"when":');
  }

  /** A task of a DAG, or a step. */
  private member(
    task: Json,
    place: Place,
    call: Call,
    { dependsOn, more, ids }: { dependsOn: readonly string[]; more: Json; ids: Map<string, string> },
  ): string[] {
    const name = String(task['name']);
    const known = [
      'name',
      'template',
      'dependencies',
      'depends',
      'arguments',
      'when',
      'withItems',
      'withParam',
      'withSequence',
      'continueOn',
    ];
    this.notes.rest(task, place, known);
    const scope: Scope = { inputs: call.inputs, ids };
    const continueOn = objectOf(task['continueOn']);
    this.notes.rest(continueOn, [...place, 'continueOn'], ['failed']);
    const when = textOf(task['when']);
    const condition = when === undefined ? undefined : conditionOf(when, scope);
    if (when !== undefined && condition === undefined) this.notes.add([...place, 'when'], 'CONDITION', { text: when });
    const start = this.tasks.length;
    const found = this.place({
      name: call.name === '' ? name : `${call.name}.${name}`,
      template: textOf(task['template']) ?? '',
      place,
      dependsOn,
      more: given({
        ...more,
        when: [more['when'], condition].filter(Boolean).join(' && ') || undefined,
        tolerable: continueOn['failed'] === true ? true : undefined,
        for_each: itemsOf(task, place, scope, this.notes),
      }),
      inputs: this.argumentsOf(task, place, scope),
      stack: call.stack,
    });
    if (this.tasks.length === start + 1) ids.set(name, found[0]!);
    return found;
  }

  private argumentsOf(task: Json, place: Place, scope: Scope): Map<string, unknown> {
    const args = objectOf(task['arguments']);
    const inputs = new Map<string, unknown>();
    this.notes.rest(args, [...place, 'arguments'], ['parameters', 'artifacts']);
    for (const kind of ['parameters', 'artifacts'] as const) {
      objects(args[kind]).forEach((each, i) => {
        const at = [...place, 'arguments', kind, i];
        const value = each[kind === 'parameters' ? 'value' : 'from'];
        this.notes.rest(each, at, ['name', kind === 'parameters' ? 'value' : 'from']);
        if (value === undefined) return;
        inputs.set(String(each['name']), typeof value === 'string' ? translated(value, scope, this.notes, at) : value);
      });
    }
    return inputs;
  }
}
