import { collectDefaultMetrics, Registry } from 'prom-client';

/** The metrics of one process. Make own ones with prom-client and `registers: [metrics.registry]`. */
export interface Metrics {
  readonly registry: Registry;
  /** All metrics in Prometheus' text format, with the content type that goes with it. */
  expose(): Promise<{ contentType: string; body: string }>;
}

/** A registry of its own with Node's default metrics (`process_…`, `nodejs_…`), each labelled with the app's name. */
export function createMetrics(app: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ app });
  // The event loop's lag is sampled this often, ms: the default of 10 wakes an idle process a hundred times a second.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  return {
    registry,
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}
