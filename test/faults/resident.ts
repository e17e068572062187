import { readdirSync, readFileSync } from 'node:fs';

/** Memory of a process and of each that it has started, itself first, MiB: what lies in RAM, so that shared pages count for each. */
export function residentOf(pid: number): readonly { readonly pid: number; readonly mib: number }[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc'))
    if (/^\d+$/.test(name)) parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(statusOf(name))?.[1]));
  const family = [pid];
  // What is pushed is walked as well.
  for (const each of family) for (const [child, parent] of parents) if (parent === each) family.push(child);
  return family.map((each) => ({
    pid: each,
    mib: Number(/^VmRSS:\s+(\d+) kB/m.exec(statusOf(String(each)))?.[1] ?? 0) / 1_024,
  }));
}

/** Empty for one that has ended meanwhile. */
function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
