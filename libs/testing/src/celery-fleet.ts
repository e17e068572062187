import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { guarded } from '#libs/local-postgres';

const PROGRAMS = fileURLToPath(new URL('../../../../engines/celery', import.meta.url));
const SPU_PARTY = fileURLToPath(new URL('../../../../engines/secretflow/party.py', import.meta.url));
const environment = (version: string): string =>
  join(homedir(), '.cache/task-chain/engines', `celery-${version}`, 'bin/python');

/** What fleets take tasks from. */
export const FLEET_QUEUE = 'secretflow_queue';

/** Why there are no workers of this version of Celery; false where there are. */
export const noCelery = (version: string): false | string =>
  existsSync(environment(version))
    ? false
    : `npm run verify makes Celery ${version} where it finds Python 3.11 or 3.10`;

/** The SPU that workers compute on: its Python and its version. */
export interface FleetSpu {
  readonly python: string;
  readonly version: string;
}

/** Workers on a broker that stand in for those of the design, or compute on SPU. */
export class TestFleet {
  private worker: ChildProcess | undefined;

  private constructor(
    private readonly version: string,
    readonly url: string,
    private readonly folder: string,
    private readonly meeting: string,
    private readonly spu: FleetSpu | undefined,
  ) {}

  /** `meeting` is a folder where workers of several fleets wait for each other. With `spu` they compute, and take no plans. */
  static async start(version: string, url: string, meeting = '', spu?: FleetSpu): Promise<TestFleet> {
    const fleet = new TestFleet(version, url, await mkdtemp(join(tmpdir(), 'celery-')), meeting, spu);
    await fleet.startWorker();
    return fleet;
  }

  async startWorker(): Promise<void> {
    await rm(join(this.folder, 'ready'), { force: true });
    const options = ['--queues', FLEET_QUEUE, '--concurrency', '1', '--loglevel', 'error', '--hostname', 'w@stand-in'];
    const quiet = ['--without-gossip', '--without-mingle', '--without-heartbeat'];
    const env = {
      ...{ PATH: '/usr/bin:/bin', HOME: this.folder, LANG: 'C.UTF-8', PYTHONPATH: PROGRAMS },
      ...{ PYTHONDONTWRITEBYTECODE: '1', C_FORCE_ROOT: '1' },
      ...{ FLEET_BROKER: this.url, FLEET_FOLDER: this.folder },
      ...(this.spu
        ? { SPU_PYTHON: this.spu.python, SPU_VERSION: this.spu.version, SPU_PARTY }
        : { FLEET_MEETING: this.meeting }),
    };
    const program = this.spu ? 'spu_worker' : 'stand_in';
    const command = ['-m', 'celery', '-A', program, 'worker', ...options, ...quiet];
    this.worker = guarded(
      () => spawn(environment(this.version), command, { env, cwd: this.folder, stdio: 'ignore', detached: true }),
      'KILL',
    );
    while (!existsSync(join(this.folder, 'ready'))) {
      if (this.worker.exitCode !== null) throw new Error('the worker ended by itself');
      await wait(50);
    }
  }

  /** The process above all of its workers. */
  get pid(): number {
    return this.worker!.pid!;
  }

  /** As when the machine is gone: nothing is acknowledged, nothing is told. */
  async killWorker(): Promise<void> {
    const { worker } = this;
    if (worker?.pid === undefined || worker.exitCode !== null || worker.signalCode !== null) return;
    const gone = new Promise((resolve) => worker.once('exit', resolve));
    process.kill(-worker.pid, 'SIGKILL');
    await gone;
  }

  /** What the next starts of tasks do. */
  async plan(...steps: readonly string[]): Promise<void> {
    await writeFile(join(this.folder, 'plan'), steps.map((step) => `${step}\n`).join(''));
    await rm(join(this.folder, 'starts'), { force: true });
  }

  /** The starts since the plan, each with the id and the limits of the task. */
  async starts(): Promise<string[]> {
    const text = await readFile(join(this.folder, 'starts'), 'utf8').catch(() => '');
    return text.split('\n').filter(Boolean);
  }

  async stop(): Promise<void> {
    await this.killWorker();
    await rm(this.folder, { recursive: true, force: true });
  }
}
