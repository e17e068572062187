import { request } from 'node:http';
import { expect } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import {
  chain,
  describeSystem,
  line,
  SIGNED,
  task,
  type Answer,
  type ProblemAnswer,
  type SystemUnderTest,
} from './system/index.js';

const DEEPEST = 64;
const MAX_BODY = 10 * 1024 * 1024;

/** A body, and the answer that it must get. */
interface Malformed {
  readonly what: string;
  readonly body: unknown;
  readonly status?: number;
  readonly code?: string;
  /** Of one of the errors. */
  readonly fault?: string;
  readonly pointer?: string;
  readonly contentType?: string;
}

const good = chain([task('a')]);
const withTask = (more: object) => chain([task('a', {}, more)]);
const text = (body: object) => JSON.stringify(body);
/** JSON with this many objects and lists inside each other, as a chain with metadata. */
const nested = (levels: number) =>
  text({ ...good, metadata: { deep: 0 } }).replace(
    '"deep":0',
    `"deep":${'['.repeat(levels - 2)}${']'.repeat(levels - 2)}`,
  );

const MALFORMED: readonly Malformed[] = [
  { what: 'null', body: 'null', fault: 'INVALID_TYPE' },
  { what: 'a list', body: '[]', fault: 'INVALID_TYPE' },
  { what: 'a text', body: '"chain"', fault: 'INVALID_TYPE' },
  { what: 'a number', body: '42', fault: 'INVALID_TYPE' },
  { what: 'no fields', body: {}, fault: 'REQUIRED', pointer: '/tasks' },
  { what: 'no name', body: { tasks: good['tasks'] }, fault: 'REQUIRED', pointer: '/chain_name' },
  { what: 'a name that is a number', body: { ...good, chain_name: 1 }, fault: 'INVALID_TYPE', pointer: '/chain_name' },
  { what: 'an empty name', body: { ...good, chain_name: '' }, fault: 'OUT_OF_RANGE', pointer: '/chain_name' },
  {
    what: 'a long name',
    body: { ...good, chain_name: '名'.repeat(256) },
    fault: 'OUT_OF_RANGE',
    pointer: '/chain_name',
  },
  { what: 'no tasks', body: chain([]), fault: 'NO_TASKS', pointer: '/tasks' },
  { what: 'tasks that are an object', body: { ...good, tasks: {} }, fault: 'INVALID_TYPE', pointer: '/tasks' },
  { what: 'a task that is null', body: { ...good, tasks: [null] }, fault: 'INVALID_TYPE', pointer: '/tasks/0' },
  { what: 'a task that is a text', body: { ...good, tasks: ['a'] }, fault: 'INVALID_TYPE', pointer: '/tasks/0' },
  { what: 'a task without fields', body: { ...good, tasks: [{}] }, fault: 'REQUIRED', pointer: '/tasks/0/task_id' },
  {
    what: 'an id with a space',
    body: withTask({ task_id: 'a b' }),
    fault: 'INVALID_FORMAT',
    pointer: '/tasks/0/task_id',
  },
  { what: 'an id that is too long', body: withTask({ task_id: 'a'.repeat(65) }), pointer: '/tasks/0/task_id' },
  {
    what: 'an unknown type',
    body: withTask({ task_type: 'diagnostik' }),
    fault: 'UNKNOWN_TASK_TYPE',
    pointer: '/tasks/0/task_type',
  },
  {
    what: 'parameters that are a list',
    body: withTask({ task_params: [] }),
    fault: 'INVALID_TYPE',
    pointer: '/tasks/0/task_params',
  },
  {
    what: 'a parameter of the wrong type',
    body: withTask({ task_params: { task_config: { delay_ms: 'soon' } } }),
    fault: 'INVALID_PARAMS',
    pointer: '/tasks/0/task_params/task_config/delay_ms',
  },
  {
    what: 'an unknown parameter',
    body: withTask({ task_params: { task_config: { delay: 1 } } }),
    fault: 'INVALID_PARAMS',
    pointer: '/tasks/0/task_params/task_config/delay',
  },
  {
    what: 'a cluster address, which the native engine cannot go to',
    body: withTask({ task_params: { sf_init_config: { address: '10.0.0.1:9000' }, task_config: {} } }),
    fault: 'INVALID_PARAMS',
    pointer: '/tasks/0/task_params/sf_init_config/address',
  },
  {
    what: 'a protocol that the native engine lacks',
    body: withTask({
      task_params: { spu_config: { cluster_def: { runtime_config: { protocol: 'ABY3' } } }, task_config: {} },
    }),
    fault: 'PROTOCOL_UNSUPPORTED',
    pointer: '/tasks/0/task_params/spu_config/cluster_def/runtime_config/protocol',
  },
  {
    what: 'an engine that does not exist',
    body: withTask({ task_params: { engine: 'ray', task_config: {} } }),
    fault: 'INVALID_PARAMS',
    pointer: '/tasks/0/task_params/engine',
  },
  {
    what: 'an unknown mode',
    body: withTask({ execution_mode: 'both' }),
    fault: 'INVALID_VALUE',
    pointer: '/tasks/0/execution_mode',
  },
  { what: 'an unknown rule', body: withTask({ trigger_rule: 'sometimes' }), pointer: '/tasks/0/trigger_rule' },
  { what: 'a priority of 11', body: withTask({ priority: 11 }), fault: 'INVALID_VALUE', pointer: '/tasks/0/priority' },
  { what: 'a time-out of 0', body: withTask({ timeout: 0 }), fault: 'OUT_OF_RANGE', pointer: '/tasks/0/timeout' },
  { what: 'a time-out of 1.5', body: withTask({ timeout: 1.5 }), fault: 'INVALID_TYPE', pointer: '/tasks/0/timeout' },
  {
    what: '101 retries',
    body: withTask({ retry_policy: { max_retries: 101 } }),
    fault: 'OUT_OF_RANGE',
    pointer: '/tasks/0/retry_policy/max_retries',
  },
  { what: 'an unknown field', body: { ...good, ch: 1 }, fault: 'UNKNOWN_FIELD', pointer: '/ch' },
  {
    what: "a task's unknown field",
    body: withTask({ depend_on: [] }),
    fault: 'UNKNOWN_FIELD',
    pointer: '/tasks/0/depend_on',
  },
  {
    what: 'an unknown option',
    body: { ...good, options: { 'a/b~c': 1 } },
    fault: 'UNKNOWN_FIELD',
    pointer: '/options/a~1b~0c',
  },
  { what: 'options that are null', body: { ...good, options: null }, fault: 'INVALID_TYPE', pointer: '/options' },
  {
    what: 'ids that come twice',
    body: chain([task('a'), task('b'), task('a')]),
    fault: 'DUPLICATE_TASK_ID',
    pointer: '/tasks/2/task_id',
  },
  {
    what: 'a dependency that is missing',
    body: chain([task('a'), task('b', {}, { depends_on: ['a', 'c'] })]),
    fault: 'MISSING_DEPENDENCY',
    pointer: '/tasks/1/depends_on/1',
  },
  {
    what: 'a task that waits for itself',
    body: withTask({ depends_on: ['a'] }),
    fault: 'SELF_DEPENDENCY',
    pointer: '/tasks/0/depends_on/0',
  },
  {
    what: 'a dependency that comes twice',
    body: chain([task('a'), task('b', {}, { depends_on: ['a', { task_id: 'a' }] })]),
    pointer: '/tasks/1/depends_on/1',
  },
  {
    what: 'a cycle',
    body: chain([
      task('a', {}, { depends_on: ['c'] }),
      task('b', {}, { depends_on: ['a'] }),
      task('c', {}, { depends_on: ['b'] }),
    ]),
    fault: 'CYCLE',
  },
  {
    what: 'a reference to a task that is no ancestor',
    body: chain([task('a'), task('b', { result: '${tasks.a.result.result}' })]),
    fault: 'REFERENCE_NOT_ANCESTOR',
    pointer: '/tasks/1/task_params/task_config/result',
  },
  {
    what: 'a reference to no task',
    body: chain([task('a', { result: '${tasks.z.result}' })]),
    fault: 'REFERENCE_UNKNOWN_TASK',
    pointer: '/tasks/0/task_params/task_config/result',
  },
  {
    what: 'half a reference',
    body: chain([task('a', { result: '${tasks.a' })]),
    pointer: '/tasks/0/task_params/task_config/result',
  },
  {
    what: '10,001 tasks',
    body: chain(Array.from({ length: 10_001 }, (_, i) => task(`t${i}`))),
    fault: 'TOO_MANY_TASKS',
    pointer: '/tasks',
  },
  { what: '65 levels', body: nested(DEEPEST + 1), code: 'INVALID_JSON', fault: 'TOO_DEEP' },
  { what: '100,000 levels', body: '['.repeat(100_000), code: 'INVALID_JSON', fault: 'TOO_DEEP' },
  {
    what: 'NUL in a text',
    body: { ...good, chain_name: 'a\0b' },
    code: 'INVALID_JSON',
    fault: 'NUL_CHARACTER',
    pointer: '/chain_name',
  },
  { what: 'NUL in a key', body: { ...good, metadata: { 'a\0': 1 } }, code: 'INVALID_JSON', fault: 'NUL_CHARACTER' },
  {
    what: '__proto__',
    body: text(good).replace('{', '{"__proto__":{"admin":true},'),
    code: 'INVALID_JSON',
    fault: 'FORBIDDEN_KEY',
    pointer: '/__proto__',
  },
  {
    what: '__proto__ written with an escape',
    body: text({ ...good, metadata: { x: 1 } }).replace('"x"', '"__proto\\u005f_"'),
    code: 'INVALID_JSON',
    fault: 'FORBIDDEN_KEY',
  },
  {
    what: 'constructor in parameters',
    body: text(withTask({ task_params: { task_config: { result: { constructor: 1 } } } })),
    fault: 'FORBIDDEN_KEY',
    code: 'INVALID_JSON',
  },
  {
    what: 'a lone surrogate',
    body: text(good).replace('test chain', '\\ud83d'),
    code: 'INVALID_JSON',
    fault: 'LONE_SURROGATE',
    pointer: '/chain_name',
  },
  {
    what: 'a lone surrogate in a key',
    body: text({ ...good, metadata: { x: 1 } }).replace('"x"', '"\\udc00"'),
    code: 'INVALID_JSON',
    fault: 'LONE_SURROGATE',
  },
  {
    what: 'bytes that are no UTF-8',
    body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    code: 'INVALID_JSON',
    fault: 'INVALID_UTF8',
  },
  {
    what: 'a number that would be rounded',
    body: text({ ...good, metadata: { n: 0 } }).replace('"n":0', '"n":9007199254740993'),
    code: 'INVALID_JSON',
    fault: 'UNSAFE_INTEGER',
  },
  {
    what: 'a number without end',
    body: text({ ...good, metadata: { n: 0 } }).replace('"n":0', '"n":1e999'),
    code: 'INVALID_JSON',
    fault: 'NUMBER_TOO_LARGE',
  },
  { what: 'broken JSON', body: '{"chain_name": "a", "tasks": [', code: 'INVALID_JSON', fault: 'INVALID_JSON' },
  { what: 'JSON with a comma too many', body: '{"chain_name": "a",}', code: 'INVALID_JSON', fault: 'INVALID_JSON' },
  { what: 'two documents', body: '{} {}', code: 'INVALID_JSON', fault: 'INVALID_JSON' },
  { what: 'a form', body: 'chain_name=a', code: 'INVALID_JSON', fault: 'INVALID_JSON' },
  { what: 'no body', body: '', code: 'INVALID_JSON', fault: 'EMPTY_BODY' },
  { what: 'white space', body: ' \n\t', code: 'INVALID_JSON', fault: 'EMPTY_BODY' },
  {
    what: 'more than 10 MB',
    body: text({ ...good, metadata: { x: 'x'.repeat(MAX_BODY) } }),
    status: 413,
    code: 'BODY_TOO_LARGE',
  },
  ...[
    'text/plain',
    'text/plain; charset=utf-8',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'nonsense',
  ].map((contentType) => ({
    what: `content type ${contentType}`,
    body: text(good),
    contentType,
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
  })),
];

describeSystem('malformed bodies', 'postgres', { apps: ['api'] }, (check) => {
  check('get the answer that says what and where, and leave nothing behind', async (system) => {
    const before = await rows(system);
    const wrong: string[] = [];
    for (const path of ['/chains', '/chains/validate']) {
      for (const malformed of MALFORMED) {
        const { what, body, contentType } = malformed;
        const headers = {
          'content-type': contentType ?? 'application/json',
          'idempotency-key': `key of ${path} ${what}`,
        };
        const answer = await system.api
          .call(path, { method: 'POST', body, headers: ascii(headers) })
          .catch((error: unknown) => {
            throw new Error(`${what} got no answer`, { cause: error });
          });
        const complaint = path === '/chains' ? faultOf(answer, malformed) : faultOfValidation(answer, malformed);
        if (complaint !== undefined)
          wrong.push(`${path}, ${what}: ${complaint} in ${answer.status} ${answer.text.slice(0, 300)}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(await rows(system)).toEqual(before);
  });

  check('without a content type, or longer than they say, are refused too', async (system) => {
    const before = await rows(system);
    const none = await raw(system, { headers: {}, chunks: [text(good)] });
    expect(none).toMatchObject({ status: 415, type: 'application/problem+json; charset=utf-8' });
    // Chunked: nothing tells the length before.
    const piece = `${'x'.repeat(1024 * 1024)}`;
    const long = await raw(system, {
      headers: { 'content-type': 'application/json' },
      chunks: ['{"chain_name":"', ...Array<string>(11).fill(piece), '"}'],
    });
    expect(long.status).toBe(413);
    expect(await rows(system)).toEqual(before);
  });

  check('with headers that are too large are refused by a problem as well', async ({ api }) => {
    const answer = await api.call('/chains', { headers: { 'x-long': 'x'.repeat(20_000) } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      431,
      'application/problem+json; charset=utf-8',
    ]);
    expect(answer.body).toMatchObject({ status: 431, code: 'HEADERS_TOO_LARGE' });
  });

  check('that are broken off leave nothing behind, and the API goes on', async (system) => {
    const before = await rows(system);
    await new Promise<void>((resolve) => {
      const url = new URL(`${system.api.url}/api/v1/chains`);
      const headers = { ...SIGNED, 'content-type': 'application/json', 'content-length': '1000' };
      const broken = request(url, { method: 'POST', headers });
      broken.once('error', () => resolve());
      broken.once('close', () => resolve());
      broken.write('{"chain_name"', () => broken.destroy());
    });
    expect((await system.api.call('/chains')).status).toBe(200);
    expect(await rows(system)).toEqual(before);
  });

  check('that are all right but for what is not there yet say so, and all faults come at once', async ({ api }) => {
    const many = await api.call('/chains', {
      method: 'POST',
      body: {
        chain_nam: 'x',
        tasks: [task('a b', {}, { timeout: -1, depends_on: ['z'] }), task('c', {}, { task_type: 'nope' })],
      },
    });
    expect(many.body.errors!.map((fault) => fault.pointer)).toEqual(
      expect.arrayContaining([
        '/chain_name',
        '/chain_nam',
        '/tasks/0/task_id',
        '/tasks/0/timeout',
        '/tasks/0/depends_on/0',
        '/tasks/1/task_type',
      ]),
    );
    const thousands = await api.call('/chains', {
      method: 'POST',
      body: chain(Array.from({ length: 5_000 }, () => task('a b'))),
    });
    expect(thousands.status).toBe(400);
    expect(thousands.body.errors!.length).toBeLessThanOrEqual(101);
    expect(thousands.body.errors!.at(-1)).toMatchObject({ code: 'MORE_FAULTS' });
  });

  check('at the limits are taken', async ({ api }) => {
    for (const body of [
      nested(DEEPEST),
      `\ufeff${text(good)}`,
      text({ ...good, metadata: { x: 'x'.repeat(MAX_BODY - 1_000) } }),
    ]) {
      expect((await api.call('/chains', { method: 'POST', body })).status).toBe(201);
    }
    const json = { 'content-type': 'Application/JSON; charset=UTF-8' };
    expect((await api.call('/chains', { method: 'POST', body: text(good), headers: json })).status).toBe(201);
    const longest = { ...chain(line(3)), chain_name: '名'.repeat(255), description: '说'.repeat(10_000) };
    expect((await api.call('/chains', { method: 'POST', body: longest })).status).toBe(201);
  });
});

function faultOf(answer: Answer<ProblemAnswer>, malformed: Malformed): string | undefined {
  const { status = 400, code, fault, pointer } = malformed;
  const { body } = answer;
  if (answer.status !== status) return `status is not ${status}`;
  if (!answer.headers.get('content-type')?.startsWith('application/problem+json')) return 'no problem+json';
  if (body.status !== status || body.instance !== '/api/v1/chains' || !body.title || !body.detail || !body.type)
    return 'an incomplete problem';
  if (code !== undefined ? body.code !== code : !['INVALID_CHAIN', 'NOT_SUPPORTED_YET'].includes(body.code))
    return 'code';
  if (status !== 400) return undefined;
  if (!body.errors?.length) return 'no errors';
  const fits = body.errors.some(
    (each) => (fault === undefined || each.code === fault) && (pointer === undefined || each.pointer === pointer),
  );
  if (!fits) return `no error ${fault} at ${pointer}`;
  return body.errors.every((each) => each.message.length > 0) ? undefined : 'an error without a message';
}

/** Validating tells the same, but a chain's faults are its answer and no error. */
function faultOfValidation(answer: Answer<ProblemAnswer>, malformed: Malformed): string | undefined {
  const { status = 400, code, fault, pointer } = malformed;
  if (status !== 400 || code !== undefined)
    return answer.status === status && answer.body.code === code ? undefined : 'status or code';
  const verdict = answer.body as unknown as { valid: boolean; errors: { code: string; pointer?: string }[] };
  if (answer.status !== 200 || verdict.valid !== false) return 'not 200 with valid: false';
  const fits = verdict.errors.some(
    (each) => (fault === undefined || each.code === fault) && (pointer === undefined || each.pointer === pointer),
  );
  return fits ? undefined : `no error ${fault} at ${pointer}`;
}

/** Rows of every table, in all schemas that the system has. */
async function rows(system: SystemUnderTest): Promise<Record<string, number>> {
  return withConnection(system.databaseUrl, async (client) => {
    const tables = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
    );
    const counts: Record<string, number> = {};
    for (const { name } of tables.rows) {
      const { rows: found } = await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${name}`);
      counts[name] = Number(found[0]!.n);
    }
    expect(Object.keys(counts).length).toBeGreaterThan(12);
    return counts;
  });
}

function ascii(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replace(/[^\x20-\x7e]/g, '?')]),
  );
}

/** A request that fetch would not send. */
function raw(
  system: SystemUnderTest,
  { headers, chunks }: { headers: Record<string, string>; chunks: readonly string[] },
): Promise<{ status: number; type: string | undefined }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(`${system.api.url}/api/v1/chains`),
      { method: 'POST', headers: { ...SIGNED, ...headers } },
      (response) => {
        response.resume();
        resolve({ status: response.statusCode!, type: response.headers['content-type'] });
      },
    );
    // The answer may come before all is sent.
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error);
    });
    for (const chunk of chunks) sent.write(chunk);
    sent.end();
  });
}
