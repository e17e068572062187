import { Inject, Injectable } from '@nestjs/common';
import { WORKER_SETTINGS, type WorkerSettings } from './worker-settings.js';

/** What lacks is looked for again after this time, ms: somebody may have mended it. */
const AGAIN_MS = 60_000;

/** What an engine has here. */
export interface EngineFinding {
  readonly name: string;
  /** The variable that sets it up, where that has no value. */
  readonly unset: string | undefined;
  readonly found: readonly string[];
  /** Each with what mends it. */
  readonly missing: readonly string[];
}

/** Looks what the engines of this worker need, and remembers it. */
@Injectable()
export class EngineFindings {
  private last: Promise<readonly EngineFinding[]> | undefined;
  private at = 0;

  constructor(@Inject(WORKER_SETTINGS) private readonly settings: Pick<WorkerSettings, 'runners'>) {}

  async find(): Promise<readonly EngineFinding[]> {
    const known = await this.last;
    const isWhole = known?.every(({ missing }) => missing.length === 0) ?? false;
    if (known !== undefined && (isWhole || performance.now() - this.at < AGAIN_MS)) return known;
    this.at = performance.now();
    this.last = Promise.all(this.settings.runners.map(findingOf));
    return this.last;
  }

  /** Throws where an engine beside native that is set up lacks something. */
  async requireAll(): Promise<void> {
    // What the first lacks, few types need.
    const [, ...others] = await this.find();
    const lacking = others.filter(({ missing }) => missing.length > 0);
    if (lacking.length === 0) return;
    throw new Error(lacking.map(({ name, missing }) => `the engine ${name} lacks ${missing.join('; ')}`).join('; '));
  }
}

async function findingOf({ name, unset, needs }: WorkerSettings['runners'][number]): Promise<EngineFinding> {
  // Of what nobody has set up nothing is missing.
  const findings = unset === undefined ? await needs() : [];
  return {
    name,
    unset,
    found: findings.flatMap(({ what, found }) => (found === null ? [] : [`${what} ${found}`])),
    missing: findings.flatMap(({ what, found, mend }) => (found === null ? [`${what}: ${mend}`] : [])),
  };
}
