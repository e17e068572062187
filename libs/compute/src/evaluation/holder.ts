/** The part of a `task_config` that says which party's table an evaluation reads, and where its report goes. */
export interface HeldTable {
  readonly prediction_data: string | Readonly<Record<string, string>>;
  readonly output_report?: string | Readonly<Record<string, string>>;
}

/** The one party that holds the table, or undefined if the parameters do not say. */
export function holderOf(data: HeldTable['prediction_data']): { party: string; path: string } | undefined {
  if (typeof data !== 'string') {
    const [entry] = Object.entries(data);
    return entry && { party: entry[0], path: entry[1] };
  }
  const [, party] = /^artifact:[^/]+\/[^/]+\/([^/]+)\/[^/]+$/.exec(data) ?? [];
  return party === undefined ? undefined : { party, path: data };
}
