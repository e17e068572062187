import { readdirSync, readFileSync } from 'node:fs';

/** Memory of a process and all that it has started, MiB: what lies in RAM of each, so that shared pages count more than once. */
export function residentMiBOf(pid: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc'))
    if (/^\d+$/.test(name)) parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(statusOf(name))?.[1]));
  const family = [pid];
  // What is pushed is walked as well.
  for (const each of family) for (const [child, parent] of parents) if (parent === each) family.push(child);
  return (
    family.reduce((sum, each) => sum + Number(/^VmRSS:\s+(\d+) kB/m.exec(statusOf(String(each)))?.[1] ?? 0), 0) / 1_024
  );
}

/** Empty for one that has ended meanwhile. */
function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
