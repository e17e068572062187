import type { MetricName } from './metrics.js';

/** `task_config` of `biclassification_eval`, as its schema lets it through. */
export interface BiclassificationConfig {
  readonly prediction_data: string | Readonly<Record<string, string>>;
  readonly label_column?: string;
  readonly prediction_column?: string;
  readonly bucket_size?: number;
  readonly output_report?: string | Readonly<Record<string, string>>;
  readonly assert?: Readonly<Partial<Record<MetricName, { readonly min: number }>>>;
}

/** The one party that holds the table, or undefined where the parameters do not say. */
export function holderOf(data: BiclassificationConfig['prediction_data']): { party: string; path: string } | undefined {
  if (typeof data !== 'string') {
    const [entry] = Object.entries(data);
    return entry && { party: entry[0], path: entry[1] };
  }
  const [, party] = /^artifact:[^/]+\/[^/]+\/([^/]+)\/[^/]+$/.exec(data) ?? [];
  return party === undefined ? undefined : { party, path: data };
}
