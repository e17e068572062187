import { collectDefaultMetrics, Registry } from 'prom-client';

/** A registry with Node's default metrics (`process_…`, `nodejs_…`), each labelled with the app's name. */
export function createRegistry(app: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ app });
  // The event loop's lag is sampled this often, ms: the default of 10 wakes an idle process a hundred times a second.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  return registry;
}
