import { readdirSync, readFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** Clock ticks a second in /proc; 100 on every Linux that Node runs on. */
const TICKS = 100;

/** One line on what the figures were measured on. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} x ${model}, ${memory} GiB, ${platform()} ${release()} ${arch()}, Node ${process.version}`;
}

interface ProcessTimes {
  readonly parent: number;
  /** CPU time of it and of its ended children, ms. */
  readonly cpuMs: number;
}

/** CPU time so far: of the whole machine, and of each process. */
export interface CpuSnapshot {
  readonly at: number;
  readonly busyMs: number;
  readonly processes: ReadonlyMap<number, ProcessTimes>;
}

/** Undefined where there is no /proc: then nothing can be said of foreign load. */
export function cpuSnapshot(): CpuSnapshot | undefined {
  const stat = read('/proc/stat');
  if (stat === undefined) return undefined;
  // Interrupts (fields 6 and 7) are left out: they belong to no process, and those of loopback traffic are ours.
  const [user, nice, system, , , , , steal] = stat.split('\n')[0]!.split(/\s+/).slice(1).map(Number);
  const busyMs = ((user! + nice! + system! + (steal ?? 0)) * 1000) / TICKS;
  const processes = new Map<number, ProcessTimes>();
  for (const name of readdirSync('/proc')) {
    const line = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : undefined;
    if (line === undefined) continue;
    const fields = line
      .slice(line.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const cpuMs = ((fields[11]! + fields[12]! + fields[13]! + fields[14]!) * 1000) / TICKS;
    processes.set(Number(name), { parent: fields[1]!, cpuMs });
  }
  return { at: performance.now(), busyMs, processes };
}

/** A process and all below it. */
function treeOf(snapshot: CpuSnapshot, root: number): number[] {
  const pids = [root];
  for (const pid of pids) {
    for (const [child, { parent }] of snapshot.processes) if (parent === pid) pids.push(child);
  }
  return pids;
}

/** CPU time that the tree of `root` took between two snapshots, ms. */
export function cpuOf(before: CpuSnapshot, after: CpuSnapshot, root: number): number {
  const cpu = (snapshot: CpuSnapshot): number =>
    treeOf(snapshot, root).reduce((sum, pid) => sum + (snapshot.processes.get(pid)?.cpuMs ?? 0), 0);
  return Math.max(0, cpu(after) - cpu(before));
}

/** Memory of the process tree of `root`, shared memory counted once, MB. */
export function memoryOf(snapshot: CpuSnapshot, root: number): number {
  const kilobytes = treeOf(snapshot, root).map(
    (pid) => /^Pss: +(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1],
  );
  return kilobytes.reduce((sum, each) => sum + Number(each ?? 0) * 1_024, 0) / 1e6;
}

/** The share of all cores, 0 to 1, that processes took between two snapshots which this one did not start. */
export function foreignShare(before: CpuSnapshot, after: CpuSnapshot): number {
  const own = cpuOf(before, after, process.pid);
  return Math.max(0, after.busyMs - before.busyMs - own) / ((after.at - before.at) * cpus().length);
}

/** Foreign load under which a measurement starts, as a share of all cores. */
const QUIET = 0.12;
const LOOK_MS = 300;
const AT_ONCE_MS = 10_000;

/** Waits for others to leave the CPU alone, all in all for so long: on a busy machine the run ends in time, and says how busy it was. */
export class Patience {
  constructor(private leftMs: number) {}

  async untilQuiet(): Promise<void> {
    const began = performance.now();
    const until = began + Math.min(this.leftMs, AT_ONCE_MS);
    for (let before = cpuSnapshot(); before !== undefined && performance.now() < until;) {
      await delay(LOOK_MS);
      const after = cpuSnapshot()!;
      if (foreignShare(before, after) < QUIET) break;
      before = after;
    }
    this.leftMs -= performance.now() - began;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
