import type { EngineSettings } from '#libs/compute';
import { FLEET_QUEUE, noCelery, noRedis, startTestRedis, TestFleet } from '#libs/testing';
import { cpuOf, cpuSnapshot, memoryOf } from '../machine.js';
import type { TypeCase } from './case.js';
import { measureType } from './measure-type.js';
import { keepOnly, kept, tableOf, writeMade, type Measured } from './measured.js';
import { modelCases } from './model-cases.js';
import { tableCases } from './table-cases.js';
import { names } from './tables.js';

/** The results of the same tasks on each engine, all of one run. */
const BY_ENGINE = 'engines.json';
const CELERY = '5.7.0';
const SPU = '0.9.5';
const PSI_ROWS = 100_000;
const LR_ROWS = 2_000;
const WATCH_EVERY_MS = 100;

/** A task by one protocol of one engine. */
interface Way {
  readonly engine: 'native' | 'secretflow' | 'celery';
  readonly protocol: string;
  readonly task: TypeCase;
}

interface MeasuredWay extends Measured {
  readonly engine: string;
  readonly protocol: string;
}

/** In this order, one after the other. */
function waysOf(psiRows: number, lrRows: number): Way[] {
  const psi = tableCases(psiRows).find(({ type }) => type === 'psi')!;
  const lr = modelCases(psiRows, lrRows).find(({ type }) => type === 'ss_lr')!;
  const way = (engine: Way['engine'], protocol: string, task: TypeCase): Way => ({ engine, protocol, task });
  return [
    way('native', 'ECDH_PSI_2PC', psi),
    way('native', 'KKRT_PSI_2PC', psi),
    way('secretflow', 'ECDH_PSI_2PC', psi),
    way('secretflow', 'KKRT_PSI_2PC', psi),
    way('secretflow', 'RR22_PSI_2PC', psi),
    way('celery', 'ECDH_PSI_2PC', psi),
    way('celery', 'KKRT_PSI_2PC', psi),
    way('native', 'SEMI2K', lr),
    way('secretflow', 'SEMI2K', lr),
    way('secretflow', 'CHEETAH', lr),
    way('native', 'SEMI2K', ofThree(lr)),
    way('secretflow', 'ABY3', ofThree(lr)),
  ];
}

/** The same columns at three parties. */
function ofThree(task: TypeCase): TypeCase {
  const [alice, bob, carol] = [names(0, 6), names(6, 11), names(11, 16)];
  const { alice: first } = task.tables;
  return {
    ...task,
    tables: {
      alice: { ...first!, columns: [0, 6] },
      bob: { rows: first!.rows, scaled: true, columns: [6, 11] },
      carol: { rows: first!.rows, scaled: true, columns: [11, 16] },
    },
    config: (paths) => ({ ...task.config(paths), features: { alice, bob, carol } }),
  };
}

/** Runs the tasks on each engine. A fleet is one of workers that compute on SPU: its processor time and memory count. Its worker and its Redis run before the first task. */
export async function measureEngines(say: (measured: Measured) => void): Promise<void> {
  const python = process.env['SECRETFLOW_PYTHON'];
  const why = (await noRedis()) || noCelery(CELERY) || (python === undefined && 'set SECRETFLOW_PYTHON');
  if (why) throw new Error(`This measures native, SPU and a fleet on SPU in one run: ${why}.`);
  const redis = await startTestRedis();
  const fleet = await TestFleet.start(CELERY, redis.url, '', { python: python!, version: SPU });
  try {
    const all: MeasuredWay[] = [];
    for (const { engine, protocol, task } of waysOf(PSI_ROWS, LR_ROWS)) {
      const enginesAt = (dataRoot: string): EngineSettings => ({
        secretflowPython: python,
        celery: { brokers: redis.url, queue: FLEET_QUEUE, dataRoot, farRoot: dataRoot },
      });
      const beside = new Watched(engine === 'celery' ? fleet.pid : undefined);
      const measured = await measureType(task, {
        taskId: `task-${all.length}`,
        engine,
        enginesAt,
        config: { protocol },
      });
      const { cpuSeconds, peakMiB } = beside.stop();
      all.push({
        ...{ ...measured, engine, protocol },
        ...{ cpuSeconds: measured.cpuSeconds + cpuSeconds, peakMiB: measured.peakMiB + peakMiB },
      });
      say(all.at(-1)!);
    }
    keepOnly(
      BY_ENGINE,
      Object.fromEntries(all.map((each) => [`${each.type} ${each.parties} ${each.engine} ${each.protocol}`, each])),
    );
  } finally {
    await fleet.stop();
    await redis.stop();
  }
}

/** Processor time and memory of a process and all below it, until it is stopped. */
class Watched {
  private readonly before = cpuSnapshot()!;
  private readonly timer: NodeJS.Timeout | undefined;
  private most = 0;

  constructor(private readonly root: number | undefined) {
    if (root === undefined) return;
    this.timer = setInterval(() => (this.most = Math.max(this.most, memoryOf(cpuSnapshot()!, root))), WATCH_EVERY_MS);
  }

  stop(): { readonly cpuSeconds: number; readonly peakMiB: number } {
    clearInterval(this.timer);
    if (this.root === undefined) return { cpuSeconds: 0, peakMiB: 0 };
    return {
      cpuSeconds: cpuOf(this.before, cpuSnapshot()!, this.root) / 1_000,
      peakMiB: (this.most * 1e6) / 2 ** 20,
    };
  }
}

const HEADS = [
  ['type', 'engine, protocol', 'parties', 'rows of each', 's', 's of CPU', 'peak MiB', 'accuracy', 'load', 'on'],
  ['类型', '引擎、协议', '参与方', '每方行数', '秒', 'CPU 秒', '峰值 MiB', '准确度', '负载', '日期'],
] as const;

/** Writes the table of both pages from what is kept. */
export async function writeEnginePages(): Promise<void> {
  const ways = Object.values(kept<MeasuredWay>(BY_ENGINE));
  const words = new Map(waysOf(PSI_ROWS, LR_ROWS).map(({ task }) => [task.type, task.of]));
  const made = HEADS.map((head, language) => {
    const rows = ways.map((each) => [
      ...[`[\`${each.type}\`](${each.type}.md)`, `\`${each.engine}\`, \`${each.protocol}\``],
      ...[String(each.parties), each.rows.toLocaleString('en'), each.seconds.toFixed(1), each.cpuSeconds.toFixed(1)],
      ...[each.peakMiB.toFixed(0), `${each.figure}: ${words.get(each.type)![language]}`],
      ...[each.load.toFixed(1), each.at.slice(0, 10)],
    ]);
    return [['engines', `${ways[0]!.machine}\n\n${tableOf(head, rows)}`] as const];
  });
  await writeMade(made);
}
