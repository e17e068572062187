import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { TaskFailure, type TaskRun, type TaskRunResult } from '../contract/task-type.js';
import type { TaskRunner } from '../contract/task-runner.js';

/** A task that an engine must be able to run. */
export interface RunnerSample {
  readonly type: string;
  /** Puts what the task reads into the folder, and gives its run. */
  prepare(folder: TestFolder): Promise<TaskRun>;
  /** The same run on tables that take a while; null if it reads none. */
  enlarge(folder: TestFolder, run: TaskRun): Promise<TaskRun | null>;
  /** Runs it once more in another way that is to come to the same; absent: as it ran before. */
  readonly again?: { readonly how: string; run(folder: TestFolder, run: TaskRun): Promise<TaskRunResult> };
  /** Its files are made with new keys each time, so that only their names and sizes are the same again. */
  readonly newKeys?: boolean;
  /** Its shares are random, so that files of them differ from run to run. Its figures and tables may differ by up to 2^-16. */
  readonly approximate?: true | undefined;
  /** It is done in the call itself, without a party, and so has no log line to give. */
  readonly silent?: boolean;
  /** It says nothing of how far it is amid its work, so that one step of its progress may be so large. */
  readonly largestStep?: number;
  /** Whether a process of a party is ended amid its work, which is to end the run. */
  readonly isKilled?: boolean;
  /** Changed to be wrong in a way that shows only when it runs: what it then fails with. */
  readonly failing?: { readonly config: Record<string, unknown>; readonly code: string };
}

/** A run that does not stop fails its test instead of holding up all others, ms. It is no measure of how fast it stops. */
const STUCK_MS = 30_000;
/** A run that is stopped ends within this, ms. */
const STOPPED_MS = 2_000;
/** The largest step of progress of a run on large tables: all the work of one of three processes. */
const LARGEST_STEP = 0.35;

/** Tests the contract of `TaskRunner` on every sample: a complete run, a second one, and runs that are stopped. */
export function describeRunner(runner: TaskRunner, samples: readonly RunnerSample[]): void {
  describe(`the engine ${runner.name}`, () => {
    test('finds what it needs here, and says what to install otherwise', async () => {
      for (const { what, found, mend } of await runner.needs()) {
        expect({ what, found }).toEqual({ what, found: expect.any(String) });
        expect(mend.length).toBeGreaterThan(5);
      }
    });

    test('runs no type that it does not know', () => {
      expect(runner.leaves('no_such_type')).toBe(undefined);
      expect(runner.leaves('toString')).toBe(undefined);
    });

    for (const sample of samples) describe(sample.type, () => describeSample(runner, sample));
  });
}

/** What the designer of the console offers of the results of each type. */
const MEMBERS = JSON.parse(
  readFileSync(new URL('../../../../../apps/console/src/designer/result-members.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, readonly string[]>>;

/** Members of a result that the designer does not offer. Why figures are withheld is for people. */
function unknownMembers(type: string, result: TaskRunResult['result']): string[] {
  const offered = MEMBERS[type] ?? [];
  const begins = (name: string): boolean => offered.some((each) => each === name || each.startsWith(`${name}.`));
  return Object.entries(result).flatMap(([name, value]) => {
    if (name === 'withheld') return [];
    if (!begins(name)) return [name];
    const hasParts = !offered.includes(`${name}.*`) && offered.some((each) => each.startsWith(`${name}.`));
    const parts = hasParts ? Object.keys(value as object).map((part) => `${name}.${part}`) : [];
    return parts.filter((part) => !part.endsWith('.withheld') && !begins(part));
  });
}

function describeSample(
  runner: TaskRunner,
  {
    type,
    prepare,
    enlarge,
    again: otherwise,
    newKeys,
    approximate,
    silent,
    isKilled,
    failing,
    largestStep = LARGEST_STEP,
  }: RunnerSample,
): void {
  let folder: TestFolder;
  let given: TaskRun;
  let first: TaskRunResult;
  let firstFigures: Figures;
  beforeAll(async () => {
    folder = await testFolder();
    given = await prepare(folder);
  });
  afterAll(() => folder.remove());

  test('says what leaves each party', () => expect(runner.leaves(type)!.length).toBeGreaterThan(10));

  test('has no fault, and junk has faults and throws nothing', () => {
    const never = (): boolean => false;
    expect(runner.check(type, given.params, never)).toEqual([]);
    for (const junk of [undefined, null, 7, 'x', [], [[]], {}, { parties: 7 }, { parties: [7, null] }]) {
      for (const key of ['task_config', 'sf_init_config', 'spu_config'])
        runner.check(type, { ...given.params, [key]: junk } as never, never);
      expect(
        runner.check(type, { ...given.params, task_config: junk === undefined ? 7 : [junk] } as never, never),
      ).not.toEqual([]);
    }
  });

  test('runs to its end with progress that only grows, log lines without data, and files that are what they are said to be', async () => {
    const before = await stateOf(folder);
    const fractions: number[] = [];
    const stages = new Set<string>();
    const lines: string[] = [];
    first = await runner.run(type, {
      ...given,
      progress: (fraction, stage) => {
        fractions.push(fraction);
        stages.add(stage);
      },
      log: (_, message) => lines.push(message),
    });
    expect(lines.length > 0).toBe(!silent);
    const fields = await fieldsOf(folder);
    expect(lines.flatMap((line) => line.split(/[\s,:;]+/)).filter((word) => fields.has(word))).toEqual([]);
    expect(JSON.parse(JSON.stringify(first.result))).toEqual(first.result);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
    // A stage is named, and is shown in at most 128 characters.
    expect([...stages].filter((stage) => !/^\S.{0,127}$/.test(stage))).toEqual([]);
    if (!silent) expect(stages.size).toBeGreaterThan(1);
    for (const { name, sizeBytes, sha256 } of first.artifacts) {
      const bytes = await readFile(join(given.artifactRoot, given.chainId, given.taskId, name));
      expect({ name, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }).toEqual({
        name,
        sizeBytes,
        sha256,
      });
    }
    expect(unknownMembers(type, first.result)).toEqual([]);
    firstFigures = await figuresOf(given, first);
    expect(await stateOf(folder)).toMatchObject({ threads: before.threads, resources: before.resources });
    expect(await folder.temporaries()).toEqual([]);
    // Nothing beside the tables, and of a task what it says that it made.
    const made = first.artifacts.map(({ name }) => join(given.artifactRoot, given.chainId, given.taskId, name));
    const known = new Set([...before.files, ...made, ...outputsOf(given)]);
    expect((await stateOf(folder)).files.filter((file) => !known.has(file))).toEqual([]);
  });

  test(`comes to the same again${otherwise?.how ?? ''}, file by file`, async () => {
    const once = { ...given, attempt: given.attempt + 1 };
    const again = await (otherwise ? otherwise.run(folder, once) : runner.run(type, once));
    const namesOf = ({ artifacts }: TaskRunResult): unknown =>
      artifacts.map(({ name, sizeBytes }) => [name, sizeBytes]);
    if (newKeys) expect(namesOf(again)).toEqual(namesOf(first));
    else if (approximate) {
      expect({ ...again, artifacts: namesOf(again) }).toEqual({ ...asNear(first), artifacts: namesOf(first) });
      expect(await figuresOf(given, again)).toEqual(asNear(firstFigures));
    } else
      expect({ ...again.result, artifacts: again.artifacts, attempt: 0 }).toEqual({
        ...first.result,
        artifacts: first.artifacts,
        attempt: 0,
      });
    if (newKeys || approximate) expect(again.artifacts).not.toEqual(first.artifacts);
  });

  test('does not begin when it is stopped already', async () => {
    const before = await stateOf(folder);
    const reason = new Error('stopped before');
    const run = runner.run(type, { ...given, signal: AbortSignal.abort(reason), progress: () => undefined });
    // A task of one step may be done with before it looks.
    await run.catch((error: unknown) => expect(error).toBe(reason));
    expect(await stateOf(folder)).toEqual(before);
  });

  test(
    'stops at its first progress report and leaves nothing behind',
    async () => {
      const before = await stateOf(folder);
      const controller = new AbortController();
      const reason = new Error('stopped');
      const progress = (): void => controller.abort(reason);
      const stopped = runner.run(type, { ...given, signal: controller.signal, progress });
      // A run that was over with that very report has not been stopped.
      await stopped.catch((error: unknown) => expect(error).toBe(reason));
      expect(await stateOf(folder)).toEqual(before);
    },
    STUCK_MS,
  );

  test(
    'stops within 2 s amid the rows of large tables and leaves nothing behind',
    async () => {
      const large = await enlarge(folder, given);
      const before = await stateOf(folder);
      const controller = new AbortController();
      const reason = new Error('stopped');
      let stoppedAt = Infinity;
      const progress = (fraction: number): void => {
        if (fraction === 0 || controller.signal.aborted) return;
        stoppedAt = performance.now();
        controller.abort(reason);
      };
      const run = { ...(large ?? given), signal: controller.signal, progress };
      const end: unknown = await runner.run(type, run).catch((error: unknown) => error);
      // A run without tables may have ended with its first report.
      if (large || end instanceof Error) expect(end).toBe(reason);
      expect(performance.now() - stoppedAt).toBeLessThan(STOPPED_MS);
      expect(await stateOf(folder)).toEqual(before);
    },
    STUCK_MS,
  );

  test(`reports progress on large tables in steps of at most ${largestStep}`, async () => {
    const large = await enlarge(folder, given);
    if (large === null) return;
    const fractions: number[] = [];
    await runner.run(type, { ...large, progress: (fraction) => fractions.push(fraction) });
    const steps = [...fractions, 1].map((fraction, at) => fraction - (fractions[at - 1] ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(largestStep);
  });

  if (isKilled) {
    test(
      'fails with PARTY_LOST when a process of a party is killed, and leaves nothing behind',
      async () => {
        const large = await enlarge(folder, given);
        const before = await stateOf(folder);
        let killed = 0;
        const progress = (fraction: number): void => {
          if (killed > 0 || fraction < 0.3) return;
          // The last ones to be started: those that compute.
          killed = childrenOf(process.pid).at(-1)!;
          process.kill(killed, 'SIGKILL');
        };
        const failure: unknown = await runner.run(type, { ...large!, progress }).catch((error: unknown) => error);
        expect(failure).toMatchObject({ code: 'PARTY_LOST', retryable: true });
        expect(await stateOf(folder)).toEqual(before);
        expect(childrenOf(process.pid)).toEqual([]);
      },
      STUCK_MS,
    );
  }

  if (failing) {
    test(`fails with ${failing.code} and leaves nothing behind`, async () => {
      const before = await stateOf(folder);
      const params = { ...given.params, task_config: { ...given.params.task_config, ...failing.config } };
      const failure: unknown = await runner.run(type, { ...given, params }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(TaskFailure);
      expect(failure).toMatchObject({ code: failing.code });
      expect(await stateOf(folder)).toEqual(before);
    });
  }
}

/** Processes that a process has started and that live, in the order of their starts. */
export function childrenOf(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const texts = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1'));
  return texts.flatMap((text) => text.split(' ').filter(Boolean).map(Number)).sort((a, b) => a - b);
}

/** Files that a task is told to write below the parties' folders. */
function outputsOf({ dataRoot, params }: TaskRun): string[] {
  const outputs = Object.entries(params.task_config).filter(([name]) => name.startsWith('output'));
  return outputs.flatMap(([, byParty]) =>
    Object.entries((byParty ?? {}) as object).map(([party, path]) => join(dataRoot, party, String(path))),
  );
}

/** The contents of the parties' tables: keys, words, fractions. Whole numbers are left out: a count may equal one. */
async function fieldsOf(folder: TestFolder): Promise<ReadonlySet<string>> {
  const entries = await readdir(join(folder.path, 'data'), { recursive: true, withFileTypes: true });
  const tables = entries.filter((entry) => entry.name.endsWith('.csv'));
  const texts = await Promise.all(tables.map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8')));
  return new Set(texts.flatMap((text) => text.split(/[,\n]/)).filter((field) => /[^\d]/.test(field)));
}

/** What a run may leave behind: threads and open handles of this process, files. */
async function stateOf(folder: TestFolder): Promise<{ threads: number; resources: string[]; files: string[] }> {
  // Handles close, and a joined thread is taken off the system's list, a moment later.
  await wait(20);
  const threads = process.platform === 'linux' ? (await readdir('/proc/self/task')).length : 0;
  const resources = process.getActiveResourcesInfo().filter((name) => !/Timeout|Immediate|FSReqPromise/.test(name));
  const entries = await readdir(folder.path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return { threads, resources: resources.sort(), files: files.sort() };
}

type Figures = Record<string, (string | number)[][]>;

/** The tables that a run made. */
async function figuresOf({ artifactRoot, chainId, taskId }: TaskRun, { artifacts }: TaskRunResult): Promise<Figures> {
  const figures: Figures = {};
  for (const { name } of artifacts.filter((artifact) => artifact.name.endsWith('.csv'))) {
    const [header, ...rows] = (await readFile(join(artifactRoot, chainId, taskId, name), 'utf8')).trim().split('\n');
    figures[name] = [header!.split(','), ...rows.map((row) => row.split(',').map((field) => Number(field)))];
  }
  return figures;
}

/** Digits of `closeTo` that mean 2^-16. */
const NEAR = Math.log10(2 ** 15);

/** Equals what has the same whole numbers and texts, and figures at most 2^-16 apart. */
function asNear<T>(value: T): T {
  const near = (each: unknown): unknown => {
    if (typeof each === 'number' && !Number.isInteger(each)) return expect.closeTo(each, NEAR);
    if (Array.isArray(each)) return each.map(near);
    if (each === null || typeof each !== 'object') return each;
    return Object.fromEntries(Object.entries(each).map(([key, inner]) => [key, near(inner)]));
  };
  return near(value) as T;
}
