import type { BackendKind, Services } from '../../test/faults/services.js';
import type { System, SystemOptions } from '../../test/faults/system.js';
import type { HttpClient } from '../http-client.js';
import { cpuSnapshot, foreignShare, type Patience } from '../machine.js';
import type { Opened } from '../opened.js';
import { clientOf, startSystem, stopSystem, type NodeOptionsOf } from '../ours.js';

/** One figure of our system alone. The median of its values counts. */
export interface Figure {
  /** As the goals name it: `W7.create.p99`. */
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** One for each round. */
  readonly values: readonly number[];
}

/** Where a measurement runs. */
export interface Place {
  readonly services: Services;
  readonly opened: Opened;
  /** Fewer rounds, less time: it shows the order of magnitude. */
  readonly quick: boolean;
  /** With what takes minutes, too. */
  readonly long: boolean;
  /** Options for Node of each app, for profiles. */
  readonly nodeOptionsOf?: NodeOptionsOf;
  readonly say: (words: string) => void;
}

/** As contenders are warmed up before they count: servers run for days. */
export async function warmUp({ quick }: Place, run: () => Promise<unknown>): Promise<void> {
  for (const until = performance.now() + (quick ? 1_000 : 3_000); performance.now() < until;) await run();
}

/** What our system is measured by without a peer. */
export interface OwnMeasurement {
  readonly id: string;
  readonly title: string;
  measure(place: Place): Promise<readonly Figure[]>;
}

/** What a measurement came to. */
export interface OwnOutcome {
  readonly id: string;
  readonly figures: readonly Figure[];
  /** Share of the CPU that other processes took meanwhile. */
  readonly foreign?: number;
  /** Why there are no figures. */
  readonly trouble?: string;
}

/** Runs the measurements one after the other, each when the machine is as quiet as it gets. */
export async function runOwn(
  place: Place,
  measurements: readonly OwnMeasurement[],
  patience: Patience,
): Promise<OwnOutcome[]> {
  const outcomes: OwnOutcome[] = [];
  for (const { id, measure } of measurements) {
    await patience.untilQuiet();
    const before = cpuSnapshot();
    try {
      const figures = await measure(place);
      const after = cpuSnapshot();
      outcomes.push({ id, figures, ...(before && after && { foreign: foreignShare(before, after) }) });
      for (const figure of figures)
        place.say(`${id} ${figure.title}: ${figure.values.map(short).join(' ')} ${figure.unit}`);
    } catch (error) {
      outcomes.push({ id, figures: [], trouble: (error as Error).message });
      place.say(`${id}: ${(error as Error).message}`);
    }
  }
  return outcomes;
}

const short = (value: number): string => value.toPrecision(4);

/** Starts a system and a client for `use`, and stops both. */
export async function withSystem<T>(
  { services, opened, nodeOptionsOf }: Place,
  kind: BackendKind,
  use: (system: System, client: HttpClient) => Promise<T>,
  options: SystemOptions = {},
): Promise<T> {
  const [system, close] = await opened.open(
    () => startSystem(services, kind, { nodeOptionsOf, ...options }),
    (each) => stopSystem(each, nodeOptionsOf),
  );
  const client = clientOf(system);
  try {
    return await use(system, client);
  } finally {
    await client.close();
    await close();
  }
}
