/** What a `diagnostic` task is asked to do. */
export interface DiagnosticConfig {
  readonly delay_ms?: number | string;
  readonly cpu_ms?: number;
  readonly result?: unknown;
  readonly result_bytes?: number;
  readonly secret?: string;
  readonly artifact?: string;
  readonly fail_attempts?: number;
  readonly error_code?: string;
  readonly progress_steps?: number;
}

/** A `diagnostic` task of this id; `more` is laid over it. */
export function task(task_id: string, config: DiagnosticConfig = {}, more: object = {}): Record<string, unknown> {
  return { task_id, task_type: 'diagnostic', depends_on: [], task_params: { task_config: config }, ...more };
}

/** A task that runs a chain. */
export function child(task_id: string, task_config: object, more: object = {}): Record<string, unknown> {
  return { task_id, task_type: 'chain', depends_on: [], task_params: { task_config }, ...more };
}

/** A chain of these tasks. */
export function chain(tasks: readonly object[], options?: object): Record<string, unknown> {
  return { chain_name: 'test chain', tasks, ...(options === undefined ? {} : { options }) };
}

/** `task-0` to `task-<n-1>`, each following the one before. */
export function line(count: number, config: DiagnosticConfig = {}): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, i) =>
    task(`task-${i}`, config, { depends_on: i === 0 ? [] : [`task-${i - 1}`] }),
  );
}

/** One of the design's examples (section 7), with `diagnostic` in place of its types. */
export function seedExample(name: keyof typeof EXAMPLES, config: Readonly<Record<string, DiagnosticConfig>> = {}) {
  const { chain_name, description, tasks, options } = EXAMPLES[name];
  return {
    chain_name,
    description,
    tasks: tasks.map(([task_id, task_name, execution_mode, depends_on, is_callback]) => ({
      task_id,
      task_name,
      task_type: 'diagnostic',
      execution_mode,
      depends_on,
      ...(is_callback ? { is_callback } : {}),
      task_params: { task_config: config[task_id] ?? {} },
    })),
    ...(options ? { options } : {}),
  };
}

type ExampleTask = readonly [
  id: string,
  name: string,
  mode: 'sequential' | 'parallel',
  dependsOn: readonly string[],
  isCallback?: boolean,
];
interface Example {
  readonly chain_name: string;
  readonly description: string;
  readonly tasks: readonly ExampleTask[];
  readonly options?: object;
}

const EXAMPLES: Readonly<Record<'sequential' | 'parallel' | 'chord' | 'complex', Example>> = {
  sequential: {
    chain_name: 'PSI数据处理流程',
    description: '数据预处理 -> PSI求交 -> 结果分析',
    tasks: [
      ['task-001', '数据预处理', 'sequential', []],
      ['task-002', 'PSI求交', 'sequential', ['task-001']],
      ['task-003', '结果分析', 'sequential', ['task-002']],
    ],
    options: { timeout: 3600, stop_on_error: true },
  },
  parallel: {
    chain_name: '多方数据验证',
    description: '并行验证Alice、Bob、Carol的数据',
    tasks: [
      ['task-001', '验证Alice数据', 'parallel', []],
      ['task-002', '验证Bob数据', 'parallel', []],
      ['task-003', '验证Carol数据', 'parallel', []],
    ],
  },
  chord: {
    chain_name: '联邦模型训练',
    description: '并行训练 -> 模型聚合',
    tasks: [
      ['task-001', 'Alice模型训练', 'parallel', []],
      ['task-002', 'Bob模型训练', 'parallel', []],
      ['task-003', '模型聚合', 'sequential', ['task-001', 'task-002'], true],
    ],
  },
  complex: {
    chain_name: '端到端隐私计算流程',
    description: '数据准备 -> 并行训练 -> 模型融合 -> 验证评估',
    tasks: [
      ['task-001', '数据预处理', 'sequential', []],
      ['task-002', 'Alice特征工程', 'parallel', ['task-001']],
      ['task-003', 'Bob特征工程', 'parallel', ['task-001']],
      ['task-004', '联邦模型训练', 'sequential', ['task-002', 'task-003']],
      ['task-005', '模型评估', 'sequential', ['task-004']],
    ],
  },
};
