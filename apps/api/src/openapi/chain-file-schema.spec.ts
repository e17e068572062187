import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { taskTypes } from '#libs/compute';
import { Catalogue } from '../catalogue/catalogue.js';
import { readChain } from '../chains/creating/chain-input.js';
import { chainFileSchema } from './chain-file-schema.js';

const EXAMPLES = fileURLToPath(new URL('../../../../../examples', import.meta.url));
const files = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /(^|\/)[^./]+\.json$/.test(name),
);
const textOf = (file: string) => readFileSync(join(EXAMPLES, file), 'utf8');
const validate = new Ajv2020({ strict: false, allErrors: true }).compile(chainFileSchema(new Catalogue(true, {}).all));
/** Where the schema finds faults. */
const faultsOf = (body: unknown) => (validate(body) ? [] : validate.errors!.map(({ instancePath }) => instancePath));
interface Chain {
  tasks: { task_type: string; task_params: { task_config: Record<string, unknown> } }[];
}

describe('the schema of chain files', () => {
  it('takes every example, of every task type', () => {
    const types = new Set<string>();
    for (const file of files) {
      const body = JSON.parse(textOf(file)) as Chain;
      expect([file, faultsOf(body)]).toEqual([file, []]);
      for (const { task_type } of body.tasks) types.add(task_type);
    }
    expect([...types].sort()).toEqual([...new Catalogue(true, {}).types].sort());
  });

  it('finds a misspelt parameter, a wrong value and an unknown type where the API does', () => {
    const catalogue = new Catalogue(true, {});
    for (const { type } of taskTypes) {
      const file = `tasks/${type}.json`;
      const broken: ((task: Chain['tasks'][number]) => void)[] = [
        ({ task_params }) => (task_params.task_config['no_such_parameter'] = 1),
        ({ task_params }) => delete (task_params as { task_config?: unknown }).task_config,
        ({ task_params }) => ((task_params as { engine?: string }).engine = 'none'),
        (task) => (task.task_type = `${type}x`),
      ];
      for (const breakIt of broken) {
        const body = JSON.parse(textOf(file)) as Chain;
        const at = body.tasks.findIndex(({ task_type }) => task_type === type);
        breakIt(body.tasks[at]!);
        expect(readChain(body, catalogue).ok).toBe(false);
        expect(faultsOf(body).some((pointer) => pointer.startsWith(`/tasks/${at}`))).toBe(true);
      }
    }
  });

  it('takes a reference for a value of any type, as the API does', () => {
    const body = JSON.parse(textOf('tasks/diagnostic.json')) as Chain;
    const { task_config } = body.tasks[0]!.task_params;
    task_config['delay_ms'] = '${tasks.before.result.ms}';
    expect(faultsOf(body)).toEqual([]);
    task_config['delay_ms'] = 'soon';
    expect(faultsOf(body)).toContain('/tasks/0/task_params/task_config/delay_ms');
  });
});
