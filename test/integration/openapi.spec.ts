import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { expect } from '@jest/globals';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { chain, describeSystem, line, seedExample, task, type ApiClient } from './system/index.js';

interface Operation {
  operationId?: string;
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: { name: string; in: string; schema?: object }[];
  requestBody?: unknown;
  responses: Record<string, Response | { $ref: string }>;
}
interface Response {
  description: string;
  content?: Record<string, { schema?: { $ref?: string } }>;
}
interface Document {
  openapi: string;
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Record<string, unknown>>; responses: Record<string, Response> };
}

const COMMITTED = fileURLToPath(new URL('../../../openapi.json', import.meta.url));
const REDOCLY = fileURLToPath(new URL('../../../node_modules/@redocly/cli/bin/cli.js', import.meta.url));
/** Examples are not looked at: that null is no value of an `allOf` is true, and not what generators make of it. */
const LINT_OF_3_0 = {
  extends: ['recommended-strict'],
  rules: {
    'operation-4xx-response': 'off',
    'no-invalid-media-type-examples': 'off',
    'no-invalid-schema-examples': 'off',
  },
};
/**
 * POSTs that neither create nor act, the sign-in (an answer that holds a cookie is kept for nobody), what a `webhook-id` names, and what an
 * invitation or a site's key does at most once.
 */
const STORE_NOTHING = new Set([
  'validateChain',
  'previewChainOfTemplate',
  'previewSchedule',
  'createSession',
  'deliverWebhook',
  'createSessionLink',
  'joinNode',
  'renewNode',
]);
/** A signature is of the moment, an answer needs a question, and a site its key: schedules.spec, control-tasks.spec and nodes.spec have them. */
const ELSEWHERE = new Set(['deliverWebhook', 'answerSignOff', 'joinNode', 'renewNode']);
const JSON_TYPES = ['application/json', 'application/problem+json'];

const SECRETS_PRIVATE_KEY = await generateX25519Identity();
const env = {
  SECRETS_PRIVATE_KEY,
  SECRETS_PUBLIC_KEY: await identityToRecipient(SECRETS_PRIVATE_KEY),
  NODE_CA_KEY: randomBytes(32).toString('base64'),
};

describeSystem('the OpenAPI document', 'postgres', { env }, (check) => {
  check('that is committed is what the API says of itself', async ({ api }) => {
    const served = `${JSON.stringify(await documentOf(api), null, 2)}\n`;
    const committed = readFileSync(COMMITTED, 'utf8');
    if (served === committed) return;
    throw new Error(`openapi.json is out of date: run npm run openapi and commit it\n${difference(committed, served)}`);
  });

  check('describes every operation, its errors and its answers by named schemas', async ({ api }) => {
    const document = await documentOf(api);
    expect(document.openapi).toBe('3.1.0');
    const known = new Set(document.tags.map((tag) => tag.name));
    const faults: string[] = [];
    const ids = new Map<string, string>();
    for (const [where, operation] of operationsOf(document)) {
      const { operationId, tags = [], summary, responses } = operation;
      const fault = (what: string) => faults.push(`${where}: ${what}`);
      if (!/^[a-z][A-Za-z]+$/.test(operationId ?? '')) fault('no operationId');
      if (ids.has(operationId!)) fault(`the operationId of ${ids.get(operationId!)}`);
      ids.set(operationId!, where);
      if (tags.length !== 1 || !known.has(tags[0]!)) fault('not one known tag');
      if (!summary) fault('no summary');
      const statuses = Object.keys(responses);
      if (statuses.filter((status) => status.startsWith('2')).length !== 1) fault(`answers ${statuses.join(', ')}`);
      const takes = (operation.parameters ?? []).length > 0 || operation.requestBody !== undefined;
      if (takes && !statuses.some((status) => status.startsWith('4'))) fault('takes something and refuses nothing');
      if (where.includes('/api/v1') && !statuses.includes('500')) fault('no 500');
      for (const [status, response] of Object.entries(responses)) {
        const { description, content = {} } = responseOf(document, response);
        if (!description) fault(`${status} is not described`);
        if (status >= '400' && where.includes('/api/v1') && !content['application/problem+json'])
          fault(`${status} is no problem`);
        for (const [type, { schema }] of Object.entries(content)) {
          if (JSON_TYPES.includes(type) && !schema?.$ref?.startsWith('#/components/schemas/'))
            fault(`${status} ${type} has no named schema`);
        }
      }
      for (const parameter of operation.parameters ?? [])
        if (!parameter.schema) fault(`parameter ${parameter.name} has no schema`);
    }
    expect(faults).toEqual([]);
    expect(ids.size).toBeGreaterThanOrEqual(18);
  });

  check('takes an Idempotency-Key with every POST that creates or acts', async ({ api }) => {
    const faults: string[] = [];
    for (const [where, { operationId, parameters = [], responses }] of operationsOf(await documentOf(api))) {
      if (!where.startsWith('POST ') || STORE_NOTHING.has(operationId!)) continue;
      const key = parameters.find(({ name, in: place }) => name === 'Idempotency-Key' && place === 'header');
      if (key === undefined) faults.push(`${where} takes no key`);
      if (responses['422'] === undefined) faults.push(`${where} does not say what another body with the key gets`);
    }
    expect(faults).toEqual([]);
  });

  check('holds schemas of JSON Schema 2020-12 that all compile, and no word of older ones', async ({ api }) => {
    const document = await documentOf(api);
    const faults: string[] = [];
    walk(document, '', (at, key, value) => {
      const inProperties = /\/(properties|example|examples|default)$/.test(at);
      if (inProperties) return;
      if (key === 'nullable') faults.push(`${at}: nullable`);
      // Generators take it for an object that has no field at all.
      if (key === 'type' && [value].flat().includes('object') && !saysFields(at, document))
        faults.push(`${at}: an object of which no field is said`);
      if (/^exclusiveM(ax|in)imum$/.test(key) && typeof value !== 'number')
        faults.push(`${at}: ${key}: ${String(value)}`);
      if (key === 'type' && typeof value === 'string' && value === 'file') faults.push(`${at}: type file`);
    });
    expect(faults).toEqual([]);
    const ajv = ajvOf(document);
    for (const name of Object.keys(document.components.schemas))
      expect(ajv.getSchema(`document#/components/schemas/${name}`)).toBeInstanceOf(Function);
  });

  check('holds examples that its own schemas take', async ({ api }) => {
    const document = await documentOf(api);
    const ajv = ajvOf(document);
    const faults: string[] = [];
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      const pointer = `/components/schemas/${name}`;
      walk(schema, pointer, (at, key, value) => {
        if (/\/(example|examples|properties|default)(\/|$)/.test(at.replace(/\/properties\/[^/]+/g, ''))) return;
        if ((key !== 'example' && key !== 'examples') || at.endsWith('/properties')) return;
        const validate = ajv.getSchema(`document#${at.split('/').map(encodeURIComponent).join('/')}`)!;
        for (const example of key === 'example' ? [value] : (value as unknown[]))
          if (!validate(example)) faults.push(`${at}: ${JSON.stringify(example)}: ${ajv.errorsText(validate.errors)}`);
      });
    }
    expect(faults).toEqual([]);
  });

  check('holds requests that are accepted as they stand', async ({ api }) => {
    const chains = await chainsByState(api);
    const template_id = await templateWithVersions(api);
    const schedule = { title: 'an example', interval: 3_600, chain: chain([task('a')]) };
    const made = await api.expect<{ schedule_id: string }>(201, '/schedules', { method: 'POST', body: schedule });
    const { schedule_id } = made;
    const refused: string[] = [];
    let sent = 0;
    for (const [where, { operationId, parameters = [], requestBody }] of operationsOf(await documentOf(api))) {
      const [method, path] = where.split(' ') as [string, string];
      const body = exampleOf(requestBody);
      const query = parameters.flatMap(({ name, in: place, schema }) => {
        const example = (schema as { example?: string } | undefined)?.example;
        return place === 'query' && example !== undefined ? [[name, example] as [string, string]] : [];
      });
      if ((body === undefined && query.length === 0) || ELSEWHERE.has(operationId!)) continue;
      const known: Record<string, string> = {
        ...NAMES,
        schedule_id,
        template_id,
        chain_id: await chains(operationId!),
      };
      const filled = path.slice('/api/v1'.length).replace(/\{(\w+)\}/g, (_, name: string) => known[name]!);
      const answer = await api.call(`${filled}?${new URLSearchParams(query).toString()}`, { method, body });
      sent += 1;
      if (answer.status >= 300) refused.push(`${where} answered ${answer.status}: ${answer.text}`);
    }
    expect(refused).toEqual([]);
    expect(sent).toBeGreaterThanOrEqual(24);
    await api.expect(200, '/chains/bulk/cancel', { method: 'POST', body: { filter: { status: 'RUNNING' } } });
  });

  check('is served to everybody, as 3.1 and as a faultless 3.0', async ({ api }) => {
    const open = async (path: string) => (await fetch(api.url + path)).json() as Promise<Document>;
    expect(await open('/api/openapi.json')).toEqual(await documentOf(api));
    const older = await open('/api/openapi-3.0.json');
    expect(older.openapi).toBe('3.0.3');
    expect(Object.keys(older.components.schemas)).toEqual(Object.keys((await documentOf(api)).components.schemas));
    const { ChainSummaryDto, TaskDto } = older.components.schemas as Record<string, { properties: object }>;
    expect(ChainSummaryDto!.properties).toMatchObject({
      created_by: { type: 'string', nullable: true },
      error: { type: 'object', nullable: true, allOf: [{ $ref: '#/components/schemas/FailureDto' }] },
    });
    expect(TaskDto!.properties).toMatchObject({ trigger_rule: { oneOf: [{ type: 'string' }, { type: 'object' }] } });
    const folder = mkdtempSync(join(tmpdir(), 'task-chain-openapi-'));
    try {
      writeFileSync(join(folder, 'openapi.json'), JSON.stringify(older));
      writeFileSync(join(folder, 'redocly.yaml'), JSON.stringify(LINT_OF_3_0));
      await promisify(execFile)(process.execPath, [REDOCLY, 'lint', 'openapi.json'], { cwd: folder });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  check('is served with the schema of chain files', async ({ api }) => {
    const answer = await fetch(`${api.url}/schemas/chain.json`);
    expect(answer.headers.get('content-type')).toMatch(/^application\/schema\+json/);
    const validate = new Ajv2020({ strict: false }).compile((await answer.json()) as object);
    expect(validate(chain(line(2)))).toBe(true);
    expect(validate(chain([task('a', { delay_ms: 'soon' })]))).toBe(false);
  });

  check('is kept by the answers', async ({ api }) => {
    const done = await api.run({
      ...chain([...line(2, { delay_ms: 60 }), task('bad', { fail_attempts: 1 })]),
      metadata: { a: [1] },
    });
    const waiting = await api.create(seedExample('complex'));
    const document = await documentOf(api);
    const ajv = ajvOf(document);
    const faults: string[] = [];
    const ask = async (template: string, path: string, status: number, method = 'GET', body?: unknown) => {
      const answer = await api.call(path, { method, body });
      const type = answer.headers.get('content-type')!.split(';')[0]!;
      const operation = document.paths[template]![method.toLowerCase()]!;
      const response = operation.responses[String(answer.status)];
      const described = response && responseOf(document, response).content?.[type]?.schema;
      const where = `${method} ${path}`;
      if (answer.status !== status)
        return faults.push(`${where} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
      if (described?.$ref === undefined) return faults.push(`${where}: ${status} ${type} is not described`);
      const name = described.$ref.split('/').at(-1)!;
      const validate = ajv.getSchema(`document#/components/schemas/${name}`)!;
      if (!validate(answer.body)) faults.push(`${where}: ${ajv.errorsText(validate.errors)}`);
      for (const unknown of undescribed(document, name, answer.body))
        faults.push(`${where}: ${unknown} is not described`);
    };
    const CHAIN = '/api/v1/chains/{chain_id}';
    const TASK = `${CHAIN}/tasks/{task_id}`;
    for (const id of [done.chain_id, waiting]) {
      const taskId = id === waiting ? 'task-004' : 'task-1';
      await ask(CHAIN, `/chains/${id}`, 200);
      await ask(`${CHAIN}/graph`, `/chains/${id}/graph`, 200);
      await ask(`${CHAIN}/events`, `/chains/${id}/events`, 200);
      await ask(TASK, `/chains/${id}/tasks/${taskId}`, 200);
      for (const list of ['attempts', 'logs', 'artifacts'])
        await ask(`${TASK}/${list}`, `/chains/${id}/tasks/${taskId}/${list}`, 200);
    }
    await ask(`${TASK}/attempts`, `/chains/${done.chain_id}/tasks/bad/attempts`, 200);
    await ask('/api/v1/chains', '/chains', 200);
    await ask('/api/v1/chains', '/chains?page=0', 400);
    await ask('/api/v1/chains', '/chains', 201, 'POST', chain([task('a')]));
    await ask('/api/v1/chains', '/chains', 400, 'POST', chain([]));
    await ask('/api/v1/chains/validate', '/chains/validate', 200, 'POST', chain(line(3)));
    await ask('/api/v1/chains/validate', '/chains/validate', 200, 'POST', chain([]));
    await ask('/api/v1/events', '/events', 200);
    await ask('/api/v1/events', '/events?kind=-', 400);
    await ask('/api/v1/chains/metrics', '/chains/metrics', 200);
    await ask('/api/v1/task-types', '/task-types', 200);
    await ask('/health/live', '//health/live', 200);
    await ask('/health/ready', '//health/ready', 200);
    await ask(CHAIN, '/chains/chain-none', 404);
    await ask(`${CHAIN}/execute`, `/chains/${done.chain_id}/execute`, 409, 'POST');
    await ask(`${CHAIN}/cancel`, `/chains/${waiting}/cancel`, 200, 'POST');
    expect(faults).toEqual([]);
  });
});

/** What the paths of examples name. */
const NAMES = { task_id: 'psi', party: 'bank-a', name: 'token', tenant_id: 'acme', version: '1', label: 'production' };
/** What runs long enough to be paused or skipped, and what can be run again. */
const WHILE_RUNNING = new Set(['pauseChain', 'skipTask', 'resolveTask', 'setTaskPriority']);
const ONCE_ENDED = new Set(['retryChain', 'retryTask']);

/** Finds a chain with a task "psi" on which the operation can act. */
async function chainsByState(api: ApiClient): Promise<(operationId: string) => Promise<string>> {
  const slow = chain([task('psi', { delay_ms: 60_000 })]);
  const ended = await api.run(chain([task('psi')]));
  return async (operationId) => {
    if (ONCE_ENDED.has(operationId)) {
      await api.ended(ended.chain_id);
      return ended.chain_id;
    }
    if (WHILE_RUNNING.has(operationId)) return api.start(slow);
    const id = await api.create(slow);
    if (operationId !== 'resumeChain') return id;
    await api.expect(202, `/chains/${id}/execute`, { method: 'POST' });
    await api.expect(200, `/chains/${id}/pause`, { method: 'POST' });
    return id;
  };
}

/** A template of three versions: the examples name the third. */
async function templateWithVersions(api: ApiClient): Promise<string> {
  const of = (name: string) => ({ title: 'an example', chain: { ...chain([task('a')]), chain_name: name } });
  const body = of('first');
  const { template_id: id } = await api.expect<{ template_id: string }>(201, '/templates', { method: 'POST', body });
  await api.expect(200, `/templates/${id}`, { method: 'PUT', body: of('second') });
  const { paths } = await documentOf(api);
  const newest = exampleOf(paths['/api/v1/templates/{template_id}']!['put']!.requestBody);
  await api.expect(200, `/templates/${id}`, { method: 'PUT', body: newest });
  return id;
}

/** The example of a JSON body. */
function exampleOf(requestBody: unknown): unknown {
  const { content } = (requestBody ?? {}) as { content?: Record<string, { example?: unknown; examples?: object }> };
  const { example, examples } = content?.['application/json'] ?? {};
  const [first] = Object.values(examples ?? {}) as { value: unknown }[];
  return example ?? first?.value;
}

function documentOf(api: ApiClient): Promise<Document> {
  return api.expect<Document>(200, '//docs-json');
}

function responseOf({ components }: Document, response: Response | { $ref: string }): Response {
  return '$ref' in response ? components.responses[response.$ref.split('/').at(-1)!]! : response;
}

function operationsOf(document: Document): [where: string, operation: Operation][] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
}

function ajvOf(document: Document): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: true });
  (formats as unknown as (target: Ajv2020) => void)(ajv);
  // The document as a whole is no schema: its parts are found by their pointers.
  ajv.addSchema({ $id: 'document', components: document.components } as object);
  return ajv;
}

/** Members of an answer that the schema does not tell of. */
function undescribed(document: Document, name: string, value: unknown, at = name): string[] {
  const schema = document.components.schemas[name]!;
  const properties = schema['properties'] as Record<string, Record<string, unknown>> | undefined;
  if (properties === undefined || value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const property = properties[key];
    if (property === undefined) return schema['additionalProperties'] ? [] : [`${at}.${key}`];
    const refs = [property, property['items'], ...((property['anyOf'] as unknown[]) ?? [])].flatMap((part) => {
      const ref = (part as { $ref?: string } | undefined)?.$ref;
      return ref === undefined ? [] : [ref.split('/').at(-1)!];
    });
    return [member].flat().flatMap((one) => refs.flatMap((ref) => undescribed(document, ref, one, `${at}.${key}`)));
  });
}

function walk(value: unknown, at: string, visit: (at: string, key: string, value: unknown) => void): void {
  if (value === null || typeof value !== 'object') return;
  for (const [key, member] of Object.entries(value)) {
    visit(at, key, member);
    walk(member, `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, visit);
  }
}

/** Whether the object schema at this pointer says which fields it has, or that it may have any. */
function saysFields(at: string, document: Document): boolean {
  const steps = at.split('/').slice(1);
  const found = steps.reduce<unknown>(
    (value, step) => (value as Record<string, unknown>)[step.replaceAll('~1', '/').replaceAll('~0', '~')],
    document,
  ) as Record<string, unknown>;
  return found['properties'] !== undefined || found['additionalProperties'] !== undefined;
}

/** The lines that differ, as far as one needs them to see what happened. */
function difference(before: string, after: string): string {
  const [old, now] = [before.split('\n'), after.split('\n')];
  let first = 0;
  while (old[first] === now[first]) first++;
  let [oldEnd, nowEnd] = [old.length, now.length];
  while (oldEnd > first && nowEnd > first && old[oldEnd - 1] === now[nowEnd - 1])
    [oldEnd, nowEnd] = [oldEnd - 1, nowEnd - 1];
  const shown = (lines: string[], sign: string, end: number) =>
    lines.slice(first, Math.min(end, first + 40)).map((row) => `${sign} ${row}`);
  return [`@@ line ${first + 1} @@`, ...shown(old, '-', oldEnd), ...shown(now, '+', nowEnd)].join('\n');
}
