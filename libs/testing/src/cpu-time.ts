/** Milliseconds of processor time that the yardstick takes on a quiet core. */
const YARDSTICK_MS = 80;

/**
 * Milliseconds of processor time that `work` takes, as on a quiet core. A busy machine gives a process fewer of them,
 * and one whose cores are shared does less in each: `coreSlowness`, before and after, tells how much less.
 */
export function cpuMsOf(work: () => unknown): number {
  const before = coreSlowness();
  const taken = rawCpuMsOf(work);
  return taken / Math.max(before, coreSlowness());
}

/** How many times as long as on a quiet core a fixed piece of work takes the processor now, at least 1. */
export function coreSlowness(): number {
  return Math.max(1, rawCpuMsOf(yardstick) / YARDSTICK_MS);
}

function rawCpuMsOf(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Strings, maps, sorting and JSON: what the work that is measured does, in about the same parts. */
function yardstick(): void {
  const names = Array.from({ length: 50_000 }, (_, i) => `task-${(i * 7919) % 50_000}`);
  const places = new Map(names.map((name, i) => [name, i]));
  const sorted = [...places.keys()].sort();
  JSON.parse(JSON.stringify(sorted.map((name) => ({ name, place: places.get(name) }))));
}
