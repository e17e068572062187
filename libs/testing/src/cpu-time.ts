/** Milliseconds of processor time that `work` takes. A busy machine makes it run longer, but takes no more of these. */
export function cpuMsOf(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
