import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect } from '@jest/globals';
import { chain, describeOnBackends, eventually, task, taskOf } from './system/index.js';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly links?: readonly { traceId: string; spanId: string }[];
  readonly status: { code?: number; message?: string };
  readonly app: string;
  readonly of: Readonly<Record<string, unknown>>;
}
interface Values {
  attributes: { key: string; value: Record<string, unknown> }[];
}
interface Export {
  resourceSpans: { resource: Values; scopeSpans: { spans: (Omit<Span, 'app' | 'of'> & Values)[] }[] }[];
}

const valuesOf = ({ attributes }: Values) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** Takes OTLP as JSON, as any collector does at /v1/traces. */
const spans: Span[] = [];
let texts = '';
const collector = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (part: string) => (body += part));
  request.on('end', () => {
    texts += body;
    if (request.url !== '/v1/traces') return void response.writeHead(404).end();
    for (const { resource, scopeSpans } of (JSON.parse(body) as Export).resourceSpans) {
      const app = String(valuesOf(resource)['service.name']);
      spans.push(...scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...span, app, of: valuesOf(span) }))));
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
});
await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
afterAll(() => void collector.close());
const { port } = collector.address() as AddressInfo;
const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_BSP_SCHEDULE_DELAY: '50' };

const API = 'task-chain-api';
const LISTENER = 'task-chain-status-listener';
const WORKER = 'task-chain-compute-worker';
const [SERVER, CLIENT, PRODUCER, CONSUMER] = [2, 3, 4, 5];

describeOnBackends('tracing', { env }, (check, system) => {
  check('shows a chain as one trace from the request over queue and worker to what was stored', async () => {
    const { api } = system;
    const traceId = [...'x'.repeat(32)].map(() => Math.floor(Math.random() * 16).toString(16)).join('');
    const caller = 'c0ffee00c0ffee00';
    const secret = { result: { hidden: 'the-secret-result' } };
    const tasks = [
      task('first', secret),
      ...['left', 'right'].map((id) => task(id, secret, { depends_on: ['first'] })),
      task('last', { ...secret, fail_attempts: 1 }, { depends_on: ['left', 'right'], task_params: undefined }),
    ];
    tasks[3]!['task_params'] = { task_config: { fail_attempts: 1, error_code: 'NO_LUCK' } };
    const body = { ...chain(tasks, { retry_policy: { max_retries: 1, delay_ms: 0 } }), execute: true };
    const chainId = await api.create(
      { ...body, metadata: { note: 'the-secret-metadata' } },
      {
        traceparent: `00-${traceId}-${caller}-01`,
      },
    );
    const ended = await api.ended(chainId);
    expect(ended.status).toBe('SUCCESS');

    // Five runs, each sent, run and applied; the request, and its statement.
    const trace = await eventually('all spans of the trace have come', async () => {
      // Whatever else the API asks its database.
      const aside = ({ app, name, kind }: Span) => app === API && kind === CLIENT && name !== 'create-chain';
      const found = spans.filter((span) => span.traceId === traceId && !aside(span));
      return found.length >= 17 ? found : undefined;
    });
    expect(trace).toHaveLength(17);
    const one = (app: string, name: string, holds: (span: Span) => boolean = () => true): Span => {
      const found = trace.filter((span) => span.app === app && span.name === name && holds(span));
      expect([app, name, found.length]).toEqual([app, name, 1]);
      return found[0]!;
    };
    const request = one(API, 'POST /api/v1/chains');
    expect(request).toMatchObject({ kind: SERVER, parentSpanId: caller });
    expect(request.of).toMatchObject({ 'http.route': '/api/v1/chains', 'http.response.status_code': 201 });
    expect(one(API, 'create-chain')).toMatchObject({ kind: CLIENT, parentSpanId: request.spanId });

    const follows = new Map<string, string[]>();
    const runs = new Map<string, Span>();
    for (const [taskId, attempt] of [
      ...['first', 'left', 'right', 'last'].map((id) => [id, 1] as const),
      ['last', 2] as const,
    ]) {
      const its = ({ of }: Span) =>
        of['taskchain.chain.id'] === chainId &&
        of['taskchain.task.id'] === taskId &&
        of['taskchain.task.attempt'] === attempt;
      const sent = one(LISTENER, 'send diagnostic', its);
      const run = one(WORKER, 'run diagnostic', its);
      const failed = taskId === 'last' && attempt === 1;
      const applied = one(LISTENER, failed ? 'apply failed' : 'apply succeeded', its);
      expect(sent).toMatchObject({ kind: PRODUCER, parentSpanId: request.spanId });
      expect(run).toMatchObject({ kind: CONSUMER, parentSpanId: sent.spanId });
      expect(applied).toMatchObject({ kind: CONSUMER, parentSpanId: run.spanId });
      expect(run.status.code ?? 0).toBe(failed ? 2 : 0);
      expect(run.of['error.type']).toBe(failed ? 'NO_LUCK' : undefined);
      runs.set(`${taskId}.${attempt}`, run);
      follows.set(
        `${taskId}.${attempt}`,
        (run.links ?? []).map(({ spanId }) => spanId),
      );

      // The batch belongs to many traces: it is linked with the run, and the run's part of it with the batch.
      const batch = spans.find(({ spanId }) => spanId === applied.links?.[0]?.spanId)!;
      expect(batch).toMatchObject({ name: 'apply reports', app: LISTENER });
      expect(batch.traceId).not.toBe(traceId);
      expect(batch.links?.map(({ spanId }) => spanId)).toContain(run.spanId);
      const below = spans.filter(({ parentSpanId }) => parentSpanId === batch.spanId).map(({ name }) => name);
      expect(below).toContain('save-decisions');
    }
    const idOf = (run: string): string => runs.get(run)!.spanId;
    expect(follows.get('first.1')).toEqual([]);
    expect(follows.get('left.1')).toEqual([idOf('first.1')]);
    for (const last of ['last.1', 'last.2']) expect(follows.get(last)).toEqual([idOf('left.1'), idOf('right.1')]);
    expect(String(runs.get('last.2')!.of['taskchain.run.id']).replaceAll('-', '').slice(-16)).toBe(idOf('last.2'));
    expect(taskOf(ended, 'last').worker_id).toBe(runs.get('last.2')!.of['taskchain.worker.id']);
  });

  check('begins a trace where the caller has none, and tells nothing of what chains hold', async () => {
    const { api } = system;
    const params = { task_config: { result: 'the-secret-result' } };
    const chainId = await api.start({
      ...chain([{ ...task('only'), task_params: params }]),
      metadata: { note: 'the-secret-metadata' },
    });
    await api.ended(chainId);
    const run = await eventually('its run has come', async () =>
      spans.find(({ name, of }) => name === 'run diagnostic' && of['taskchain.chain.id'] === chainId),
    );
    const request = spans.find(({ name, traceId }) => name === 'POST /api/v1/chains' && traceId === run.traceId)!;
    expect(request.parentSpanId ?? '').toBe('');
    expect(texts).not.toMatch(/the-secret|the-admin-key|task_config|Bearer/);
    // What idles makes no traces: a statement always stands below what asked for it.
    expect(spans.filter(({ of, parentSpanId }) => of['db.system.name'] !== undefined && !parentSpanId)).toEqual([]);
  });
});
