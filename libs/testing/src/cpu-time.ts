/** Milliseconds of processor time that the yardstick takes on a quiet core. */
const YARDSTICK_MS = 80;

/**
 * Milliseconds of processor time that `work` takes, as on a quiet core. A busy machine gives a process fewer of them,
 * and one whose cores are shared does less in each: a fixed piece of work, done before and after, tells how much less.
 */
export function cpuMsOf(work: () => unknown): number {
  const before = rawCpuMsOf(yardstick);
  const taken = rawCpuMsOf(work);
  const slowness = Math.max(before, rawCpuMsOf(yardstick)) / YARDSTICK_MS;
  return taken / Math.max(1, slowness);
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
