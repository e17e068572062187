import { describe, expect, it } from '@jest/globals';
import { conditionOf, dependsOf, secondsOf } from './argo-texts.js';
import { formatOf, importDocument, type ImportedFormat } from './import-document.js';

type Task = Record<string, unknown> & { task_id: string; depends_on: string[] };
const imported = (value: unknown, format: ImportedFormat, mapping: object = {}) => {
  const { chain, schedule, notes } = importDocument(value, format, mapping);
  const tasks = new Map((chain['tasks'] as Task[]).map((task) => [task.task_id, task]));
  return { chain, schedule, tasks, notes: notes.map(({ path, reason }) => `${path} ${reason}`) };
};
const types = Object.fromEntries(['a', 'b', 'c'].map((name) => [name, { task_type: 'diagnostic' }]));

describe('a document', () => {
  it('is known by what it holds', () => {
    expect([
      formatOf({ kind: 'CronWorkflow' }),
      formatOf({ dag: { tasks: [] } }),
      formatOf({ nodes: [], edges: [] }),
      formatOf({ kind: 'Pod' }),
      formatOf([]),
      formatOf(null),
    ]).toEqual(['argo', 'airflow', 'secretpad', undefined, undefined, undefined]);
  });

  it('of any form makes a chain or notes, and never throws', () => {
    for (const format of ['secretpad', 'argo', 'airflow', 'fleet'] as const)
      for (const value of [
        {},
        { spec: 7, dag: [], nodes: [1, null], edges: [{}] },
        { dag: { tasks: [null, 'x'] } },
        { spec: { templates: [{}] } },
      ])
        expect(imported(value, format).chain['tasks']).toBeInstanceOf(Array);
  });
});

describe('Argo workflows', () => {
  const dag = (tasks: object[], more: object = {}, templates: object[] = []) => ({
    kind: 'Workflow',
    metadata: { generateName: 'x-' },
    spec: {
      entrypoint: 'main',
      ...more,
      templates: [
        { name: 'main', dag: { tasks } },
        ...['a', 'b', 'c'].map((name) => ({
          name,
          inputs: { parameters: [{ name: 'p', value: '1' }] },
          container: {},
        })),
        ...templates,
      ],
    },
  });

  it('say what depends on what, in any order, and by which rule', () => {
    const { tasks, notes, chain } = imported(
      dag([
        { name: 'last', template: 'c', depends: '(first.Failed) && second.Failed' },
        { name: 'odd', template: 'c', depends: 'first && !second' },
        { name: 'second', template: 'b', dependencies: ['first'] },
        { name: 'first', template: 'a' },
      ]),
      'argo',
      { types },
    );
    expect(chain['chain_name']).toBe('x');
    expect(tasks.get('last')).toMatchObject({ depends_on: ['first', 'second'], trigger_rule: 'all_failed' });
    expect(tasks.get('second')).not.toHaveProperty('trigger_rule');
    expect(tasks.get('odd')!.depends_on).toEqual(['first', 'second']);
    expect(notes).toContain('/spec/templates/0/dag/tasks/1/depends DEPENDS');
    expect(notes).toContain('/spec STOPS');
    // What an input holds that the type does not use is named as well.
    expect(notes).toContain('/spec/templates/1/inputs/p UNUSED');
  });

  it('are flattened, and name what they cannot be', () => {
    const group = {
      name: 'group',
      steps: [
        [{ name: 'x', template: 'a' }],
        [
          { name: 'y', template: 'b' },
          { name: 'z', template: 'c' },
        ],
      ],
    };
    const { tasks, notes } = imported(
      dag(
        [
          { name: 'a', template: 'a' },
          { name: 'g', template: 'group', dependencies: ['a'], withItems: [1, 2] },
          { name: 'end', template: 'b', dependencies: ['g'], hooks: {} },
          { name: 'again', template: 'round' },
          { name: 'none', templateRef: { name: 'other' } },
        ],
        { onExit: 'a', securityContext: {} },
        [group, { name: 'round', dag: { tasks: [{ name: 'r', template: 'round' }] } }],
      ),
      'argo',
      { types },
    );
    expect([...tasks.values()].map(({ task_id, depends_on }) => [task_id, depends_on])).toEqual([
      ['a', []],
      ['g.x', ['a']],
      ['g.y', ['g.x']],
      ['g.z', ['g.x']],
      ['end', ['g.y', 'g.z']],
    ]);
    const at = '/spec/templates/0/dag/tasks';
    expect(notes).toEqual(
      expect.arrayContaining([
        ...[`${at}/1 LOOP_OF_TASKS`, `${at}/2/hooks UNKNOWN`, `${at}/4/templateRef UNKNOWN`, `${at}/4 NO_TEMPLATE`],
        ...['/spec/templates/5/dag/tasks/0 RECURSION', '/spec/onExit UNKNOWN', '/spec/securityContext PLATFORM'],
      ]),
    );
  });

  it('end where templates double again and again', () => {
    const templates = Array.from({ length: 40 }, (_, i) => ({
      name: `t${i}`,
      steps: [
        [
          { name: 'x', template: `t${i + 1}` },
          { name: 'y', template: `t${i + 1}` },
        ],
      ],
    }));
    const { chain, notes } = imported(
      { kind: 'Workflow', spec: { entrypoint: 't0', templates: [...templates, { name: 't40', container: {} }] } },
      'argo',
    );
    expect((chain['tasks'] as object[]).length).toBeLessThanOrEqual(10_000);
    expect(notes.some((note) => note.endsWith('TOO_MANY'))).toBe(true);
  });

  it('have texts that stay texts, and references where a chain has them', () => {
    const { tasks, notes } = imported(
      dag([
        {
          name: 'a',
          template: 'a',
          arguments: { parameters: [{ name: 'p', value: '${secrets.key} {{workflow.parameters.n}}' }] },
        },
        {
          name: 'b',
          template: 'b',
          dependencies: ['a'],
          when: '{{tasks.a.outputs.result}} >= 5',
          arguments: { parameters: [{ name: 'p', value: '{{tasks.a.outputs.parameters.q}}' }] },
        },
        {
          name: 'c',
          template: 'c',
          dependencies: ['a'],
          when: '{{tasks.a.status}} == Failed',
          withParam: '{{tasks.a.outputs.result}}',
        },
      ]),
      'argo',
      {
        types: Object.fromEntries(
          ['a', 'b', 'c'].map((name) => [
            name,
            { task_type: 'diagnostic', task_params: { task_config: { result: '${inputs.p}' } } },
          ]),
        ),
      },
    );
    const resultOf = (id: string) =>
      (tasks.get(id)!['task_params'] as { task_config: { result: unknown } }).task_config.result;
    expect([resultOf('a'), resultOf('b'), resultOf('c')]).toEqual([
      '$${secrets.key} ${params.n}',
      '${tasks.a.result.q}',
      '1',
    ]);
    expect(tasks.get('b')!['when']).toBe('tasks["a"].result >= 5');
    expect(notes).toEqual([
      '/spec/templates/0/dag/tasks/2/when CONDITION',
      '/spec/templates/0/dag/tasks/2/withParam LOOP',
    ]);
  });

  it('bring their loops and the rules of their schedule', () => {
    const of = (withSequence: object) =>
      imported(dag([{ name: 'a', template: 'a', withSequence }]), 'argo', { types }).tasks.get('a')!['for_each'];
    expect(of({ count: 3 })).toEqual(['0', '1', '2']);
    expect(of({ start: 4, end: '2' })).toEqual(['4', '3', '2']);
    const overlapOf = (concurrencyPolicy?: string) =>
      imported(
        { kind: 'CronWorkflow', spec: { schedule: '0 2 * * *', concurrencyPolicy, workflowSpec: { templates: [{}] } } },
        'argo',
      ).schedule!['overlap'];
    expect([overlapOf(), overlapOf('Forbid'), overlapOf('Replace')]).toEqual(['allow', 'skip', 'cancel']);
  });

  it('bring their durations, conditions and dependencies', () => {
    expect([secondsOf('1h30m'), secondsOf('90'), secondsOf(5), secondsOf('soon'), secondsOf(undefined)]).toEqual([
      5400,
      90,
      5,
      undefined,
      undefined,
    ]);
    const scope = { inputs: new Map(), ids: new Map([['a', 'g.a']]) };
    expect(conditionOf('"{{tasks.a.outputs.parameters.x}}" == "yes"', scope)).toBe('tasks["g.a"].result["x"] == "yes"');
    expect(conditionOf('{{tasks.b.outputs.result}} == 1', scope)).toBe(undefined);
    expect(conditionOf('{{tasks.a.outputs.result}} == 1 || true', scope)).toBe(undefined);
    expect(
      ['a && b', 'a.Succeeded', 'a || b.Succeeded', 'a.Failed || b.Failed', 'a.Failed || b'].map(
        (text) => dependsOf(text).rule,
      ),
    ).toEqual([...['none_failed', 'all_success', 'one_success', 'one_failed', undefined]]);
    expect(dependsOf('(a-1.Succeeded||b_2)&&!c.Failed').names).toEqual(['a-1', 'b_2', 'c']);
  });
});

describe('DAGs of Airflow', () => {
  it('are read as both versions serialise them, and name what does not carry over', () => {
    const task = (task_id: string, more: object = {}) => ({ task_id, _task_type: 'BashOperator', ...more });
    const { tasks, notes, schedule } = imported(
      {
        __version: 3,
        client_defaults: { tasks: { retries: 1, retry_delay: 2 } },
        dag: {
          dag_id: 'd',
          schedule_interval: { __type: 'timedelta', __var: 3_600 },
          catchup: true,
          tasks: [
            task('a', { _downstream_task_ids: ['b', 'c'], retries: 0, bash_command: 'echo ${HOME} {{ params.x }}' }),
            task('b', {
              trigger_rule: 'none_skipped',
              _is_mapped: true,
              partial_kwargs: { bash_command: 'x' },
              priority_weight: 3,
            }),
            {
              __type: 'operator',
              __var: {
                task_id: 'c',
                task_type: 'TimeDeltaSensor',
                delta: { __type: 'timedelta', __var: 60 },
                trigger_rule: 'dummy',
              },
            },
          ],
        },
      },
      'airflow',
      { types: { a: { task_type: 'diagnostic', task_params: { task_config: { result: '${inputs.bash_command}' } } } } },
    );
    expect(tasks.get('a')).toMatchObject({ task_params: { task_config: { result: 'echo $${HOME} ${params.x}' } } });
    expect(tasks.get('a')).not.toHaveProperty('retry_policy');
    expect(tasks.get('b')).toMatchObject({
      depends_on: ['a'],
      task_type: 'BashOperator',
      retry_policy: { max_retries: 1, delay_ms: 2_000 },
    });
    expect(tasks.get('c')).toEqual({
      ...{ task_id: 'c', task_type: 'wait', depends_on: ['a'], trigger_rule: 'always' },
      task_params: { task_config: { seconds: 60 } },
    });
    expect(schedule).toEqual({ title: 'd', interval: 3_600, catch_up: 100, overlap: 'allow' });
    expect(notes).toEqual([
      ...['/dag/tasks/1/priority_weight UNKNOWN', '/dag/tasks/1/trigger_rule RULE', '/dag/tasks/1/expand_input LOOP'],
      '/dag/tasks/1 NO_TYPE',
    ]);
  });

  it('go on where a task fails, unless they say otherwise; retries come after five minutes', () => {
    const of = (more: object) =>
      imported({ dag: { dag_id: 'd', tasks: [{ task_id: 'a', retries: 1 }], ...more } }, 'airflow');
    expect(of({}).chain).toMatchObject({ options: { stop_on_error: false } });
    expect(of({ fail_fast: true }).chain).not.toHaveProperty('options');
    expect(of({}).tasks.get('a')).toMatchObject({ retry_policy: { max_retries: 1, delay_ms: 300_000 } });
  });

  it('that datasets start say so, and those that nothing starts have no schedule', () => {
    const timetable = { __type: 'airflow.timetables.simple.DatasetTriggeredTimetable', __var: {} };
    expect(imported({ dag: { dag_id: 'd', tasks: [], timetable } }, 'airflow')).toMatchObject({
      schedule: null,
      notes: ['/dag/timetable VALUE'],
    });
    expect(imported({ dag: { dag_id: 'd', tasks: [], schedule_interval: null } }, 'airflow')).toMatchObject({
      schedule: null,
      notes: [],
    });
  });
});

describe('graphs of SecretPad', () => {
  const node = (n: number, codeName: string, attrs: Record<string, object>, more: object = {}) => ({
    ...{ codeName, graphNodeId: `g-node-${n}`, label: `n${n}`, outputs: [`g-node-${n}-output-0`], ...more },
    nodeDef: { attrPaths: Object.keys(attrs), attrs: Object.values(attrs) },
  });
  const edge = (from: number, to: number, input = 0) => ({
    ...{ source: `g-node-${from}`, sourceAnchor: `g-node-${from}-output-0` },
    ...{ target: `g-node-${to}`, targetAnchor: `g-node-${to}-input-${input}` },
  });
  it('match tables by the number of their input, in whatever order edges stand', () => {
    const graph = {
      nodes: [
        node(1, 'read_data/datatable', { datatable_selected: { s: 'left' } }),
        node(2, 'read_data/datatable', { datatable_selected: { s: 'right' } }),
        node(3, 'data_prep/psi', { 'input/input_ds1/keys': { ss: ['id1'] }, 'input/input_ds2/keys': { ss: ['id2'] } }),
      ],
      edges: [edge(2, 3, 1), edge(1, 3, 0)],
    };
    const tables = { left: { party: 'alice', path: 'l.csv' }, right: { party: 'bob', path: 'r.csv' } };
    expect(imported(graph, 'secretpad', { tables }).tasks.get('n3')!['task_params']).toMatchObject({
      task_config: { keys: { alice: ['id1'], bob: ['id2'] }, input_paths: { alice: 'l.csv', bob: 'r.csv' } },
    });
  });

  it('name tables, columns, components and attributes that they do not explain', () => {
    const graph = {
      nodes: [
        node(1, 'read_data/datatable', { datatable_selected: { s: 'unknown' }, datatable_partition: { s: 'p' } }),
        node(2, 'ml.train/ss_sgd_train', {
          ...{ epochs: { i64: '3' }, eps: { f: 0.1 }, report_weights: { is_na: true } },
          ...{ 'input/input_ds/label': { ss: ['y'] }, 'input/input_ds/feature_selects': { ss: ['a'] } },
        }),
        node(3, 'feature/new_component', { x: { s: '${secrets.key}' } }),
      ],
      edges: [edge(1, 2), edge(2, 3)],
    };
    const { tasks, notes } = imported(graph, 'secretpad');
    expect(tasks.get('n2')).toMatchObject({
      task_type: 'ss_lr',
      depends_on: [],
      task_params: { task_config: { params: { epochs: 3 } } },
    });
    expect(tasks.get('n3')).toMatchObject({ task_type: 'feature/new_component', depends_on: ['n2'] });
    expect(notes).toEqual([
      ...['/nodes/0/nodeDef/attrs/1 UNKNOWN', '/nodes/0 NO_TABLE'],
      ...[
        '/nodes/1/nodeDef/attrs/4 NO_PARTY',
        '/nodes/1/nodeDef/attrs/3 NO_PARTY',
        '/nodes/1/nodeDef/attrs/1 VALUE',
        '/nodes/2 NO_TYPE',
      ],
    ]);
    const given = {
      types: {
        'feature/new_component': {
          task_type: 'diagnostic',
          task_params: { task_config: { result: '${inputs.x} ${inputs.input0}' } },
        },
      },
    };
    expect(imported(graph, 'secretpad', given).tasks.get('n3')!['task_params']).toEqual({
      task_config: { result: '$${secrets.key} ${tasks.n2.result.model_paths}' },
    });
  });
});
