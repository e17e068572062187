import { context } from '@opentelemetry/api';
import { takeChosenSpanId, traceWith } from '#libs/tracing';
import type { Environment } from '../config/config-values.js';

/** The longest wait for a collector at shutdown, ms. */
const END_MS = 1_000;

/**
 * Starts OpenTelemetry where the standard environment asks for it (OTEL_EXPORTER_OTLP_ENDPOINT, or OTEL_TRACES_EXPORTER=otlp;
 * not with OTEL_SDK_DISABLED=true), and loads nothing of it otherwise. Returns what sends the last spans and ends it.
 */
export async function startTracing(app: string, env: Environment = process.env): Promise<() => Promise<void>> {
  if (!isWanted(env)) return async () => undefined;
  const [sdk, { OTLPTraceExporter }, { AsyncLocalStorageContextManager }, resources] = await Promise.all([
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/context-async-hooks'),
    import('@opentelemetry/resources'),
  ]);
  const named = resources.resourceFromAttributes({ 'service.name': `task-chain-${app}` });
  const random = new sdk.RandomIdGenerator();
  const provider = new sdk.BasicTracerProvider({
    resource: named.merge(resources.detectResources({ detectors: [resources.envDetector] })),
    idGenerator: {
      generateTraceId: () => random.generateTraceId(),
      generateSpanId: () => takeChosenSpanId() ?? random.generateSpanId(),
    },
    spanProcessors: [new sdk.BatchSpanProcessor(new OTLPTraceExporter())],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  traceWith(provider.getTracer('task-chain'));
  return () => Promise.race([provider.shutdown(), new Promise<void>((resolve) => setTimeout(resolve, END_MS))]);
}

function isWanted(env: Environment): boolean {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none') return false;
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  return Boolean(endpoint) || env['OTEL_TRACES_EXPORTER'] === 'otlp';
}
