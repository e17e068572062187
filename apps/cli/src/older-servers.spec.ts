import { readFileSync } from 'node:fs';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { fakeApi } from './fake-api-for-tests.js';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}
interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: Schema }>> }>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Of the last release. Compiled, this file lies in dist/apps/cli/src. */
const released = JSON.parse(
  readFileSync(new URL('../../../../openapi.last.json', import.meta.url), 'utf8'),
) as Document;

const isOf = (schema: Schema, type: string): boolean => [schema.type].flat().includes(type);

/** What the last release answers by this schema: each member that it knows, and no other; null where that may be. */
function sampleOf(schema: Schema, name = ''): unknown {
  if (schema.$ref !== undefined) return sampleOf(released.components.schemas[schema.$ref.split('/').at(-1)!]!, name);
  const choices = schema.anyOf ?? schema.oneOf ?? [];
  if (isOf(schema, 'null') || choices.some((each) => isOf(each, 'null'))) return null;
  if (schema.allOf !== undefined) return Object.assign({}, ...schema.allOf.map((each) => sampleOf(each, name)));
  if (choices.length > 0) return sampleOf(choices[0]!, name);
  if (schema.properties !== undefined)
    return Object.fromEntries(Object.entries(schema.properties).map(([key, each]) => [key, sampleOf(each, key)]));
  if (isOf(schema, 'array')) return schema.items === undefined ? [] : [sampleOf(schema.items, name)];
  if (schema.example !== undefined) return schema.example;
  if (schema.format === 'date-time') return '2026-01-01T00:00:00.000Z';
  if (schema.enum !== undefined) return schema.enum[0];
  if (isOf(schema, 'object')) return {};
  if (isOf(schema, 'boolean')) return name !== 'has_more';
  return isOf(schema, 'integer') || isOf(schema, 'number') ? 1 : 'text';
}

const CHAIN = 'chain-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11';
const NAMES: Readonly<Record<string, string>> = { chain_id: CHAIN, task_id: 'psi', tenant_id: 'acme' };
const answers = Object.fromEntries(
  Object.entries(released.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { responses }]) => {
      const schema = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1].content?.[
        'application/json'
      ]?.schema;
      if (schema === undefined) return [];
      const filled = path.replace('/api/v1', '').replaceAll(/\{(\w+)\}/g, (_, name: string) => NAMES[name] ?? 'an-id');
      const sample = sampleOf(schema) as Record<string, unknown>;
      if ('next_cursor' in sample) sample.next_cursor = null;
      return [[`${method.toUpperCase()} ${filled}`, sample]];
    }),
  ),
);
const graph = answers[`GET /chains/${CHAIN}/graph`] as unknown as { nodes: object[] };
const valid = { chain_type: 'chain', total_tasks: 1, levels: [['psi']], critical_path: ['psi'] };
/** Of builds between the last release and this one: as they were before members were added. */
const between = {
  'POST /chains/validate': { ...answers['POST /chains/validate'], ...valid },
  [`GET /chains/${CHAIN}/graph`]: { ...graph, nodes: [{ ...graph.nodes[0], level: 0 }], edges: [], levels: [['psi']] },
  'GET /nodes': { items: [{ party: 'bank-a', dealer: false, fingerprint: 'f', joined_at: 't', expires_at: 't' }] },
  'GET /datasets': { items: [{ reference: 'bank-a/t@1', name: 't', version: 1, format: 'csv', columns: [] }] },
};
const { run } = fakeApi({ ...answers, ...between });
const folder = mkdtempSync(join(tmpdir(), 'task-chain-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'chain.json');
writeFileSync(file, '{"chain_name": "c", "tasks": []}');

describe('a server of an older release', () => {
  test.each([
    [['validate', file], 'valid'],
    [['create', file], CHAIN],
    [['ls'], CHAIN],
    [['ls', '-o', 'wide'], CHAIN],
    [['show', CHAIN], CHAIN],
    [['show', CHAIN, 'psi'], 'psi'],
    [['results', CHAIN], 'psi'],
    [['results', CHAIN, 'psi'], 'psi'],
    [['graph', CHAIN], 'flowchart'],
    [['graph', CHAIN, '--dot'], 'digraph'],
    [['graph', CHAIN, '--svg'], '<svg'],
    [['events', CHAIN], ''],
    [['logs', CHAIN, 'psi'], ''],
    [['artifacts', 'ls', CHAIN, 'psi'], 'NAME'],
    [['metrics'], 'chains'],
    [['types'], 'TYPE'],
    [['explain', 'psi'], 'psi'],
    [['keys', 'ls'], 'KEY'],
    [['keys', 'create', 'a', '--role', 'viewer'], 'id'],
    [['tenants', 'show'], 'tenant'],
    [['tenants', 'ls', '-o', 'wide'], 'TENANT'],
    [['webhooks', 'ls'], ''],
    [['audit', 'ls'], 'SEQ'],
    [['cancel', CHAIN], ''],
    [['retry', CHAIN], ''],
    [['cancel', '--status', 'RUNNING'], ''],
    [['nodes', 'ls'], 'bank-a'],
    [['datasets', 'ls'], 'bank-a/t@1'],
    [['datasets', 'show', 'bank-a/t@1'], 'bank-a/t@1'],
  ])('answers %j', async (args, words) => {
    const ran = await run(args);
    expect(ran).toMatchObject({ exit: 0, stdout: expect.stringContaining(words) });
    expect(ran.stdout + ran.stderr).not.toMatch(/undefined|NaN|TypeError/);
  });

  test('is not said to have what it does not name', async () => {
    const { stdout } = await run(['tenants', 'show']);
    expect(stdout).not.toMatch(/default_engine|allowed_engines/);
    expect((await run(['show', CHAIN])).stdout).not.toMatch(/CHILD|child of/);
    expect((await run(['nodes', 'ls'])).stdout).toMatch(/CONNECTED[^]*\n.* - +- +- +- +- /);
  });
});
