/**
 * Settings of a task that its body may bring, that `decide` reads and that the API shows. This is the only list of them
 * in the code: the body's reader, the rows, their SQL and the view follow it, each under the name of the wire.
 */
export interface TaskSettings {
  /** It may fail without failing the chain; its successors take the failure as a success without a result. */
  readonly tolerable: boolean;
  /** Its success ends the chain where the condition holds. */
  readonly endChain: EndChain | null;
}

/** How a task ends its chain. `when` is a condition (CEL) that may name the task itself. */
export interface EndChain {
  readonly when: string;
  readonly status: ChainEnd;
  readonly message?: string;
}

/** What a chain can end with. */
export const CHAIN_ENDS = ['SUCCESS', 'FAILURE', 'CANCELLED'] as const;
export type ChainEnd = (typeof CHAIN_ENDS)[number];

/** What a task has where its body leaves a setting out. The type of the value is that of the column. */
export const DEFAULT_SETTINGS: TaskSettings = { tolerable: false, endChain: null };

type Snake<S extends string> = S extends `${infer Head}${infer Rest}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${Snake<Rest>}`
  : '';

/** The settings under their names in bodies, rows and views: `queueClass` is `queue_class`. */
export type WireSettings = { readonly [Name in keyof TaskSettings as Snake<Name>]: TaskSettings[Name] };

/** Names in the code and on the wire. */
const NAMES = Object.keys(DEFAULT_SETTINGS).map(
  (name) => [name, name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] as const,
);

/** The settings of a body or row, with the defaults for what it leaves out. */
export function settingsOf(wire: Partial<WireSettings>): TaskSettings {
  const given: Readonly<Record<string, unknown>> = wire;
  const settings: TaskSettings & Record<string, unknown> = { ...DEFAULT_SETTINGS };
  for (const [name, wireName] of NAMES) settings[name] = given[wireName] ?? settings[name];
  return settings;
}

/** The settings of a task under the names of the wire. */
export function wireSettings(settings: TaskSettings): WireSettings {
  // By name: a task has twenty other fields, and a chain has thousands of tasks.
  return Object.fromEntries(NAMES.map(([name, wireName]) => [wireName, Reflect.get(settings, name)])) as WireSettings;
}
