import { randomBytes } from 'node:crypto';
import { readdir, realpath, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TaskFailure, type AllowedScript, type TaskRun, type TaskRunResult } from '../contract/task-type.js';
import { accountsOf } from '../party/accounts.js';
import type { PartyUrl } from '../party/party-program.js';
import { artifactFolder } from '../party/process-rights.js';
import { runParties } from '../party/run-parties.js';
import { startGuarded, type Account } from '../party/start-guarded.js';
import { findScript, scriptFaults } from './allowed-scripts.js';
import { BWRAP, confine, FOLDERS } from './confine.js';
import { runCommand } from './run-command.js';
import type { ScriptConfig } from './script-config.js';
import type * as StageParty from './stage-party.js';
import type * as TakeParty from './take-party.js';

const stageProgram: PartyUrl<typeof StageParty> = new URL('./stage-party.js', import.meta.url);
const takeProgram: PartyUrl<typeof TakeParty> = new URL('./take-party.js', import.meta.url);

/** Names the folder of a run, followed by its attempt. */
const PREFIX = '.script-';
/** Ends on the progress bar: of the copies, of the command. Then comes its table. */
const STAGED = 0.33;
const RAN = 0.67;

/**
 * Runs `script`: the party's process copies the tables into a folder of this run, the worker starts the command there, and the party's process
 * takes its table. The party's process itself may start nothing.
 * `bwrap` is for tests.
 */
export async function runScript(run: TaskRun<ScriptConfig>, bwrap = BWRAP): Promise<TaskRunResult> {
  const { script: name, arguments: args = [], input_data: inputs, output_data: outputs } = run.params.task_config;
  const [fault] = scriptFaults(run.params, run.scripts ?? {});
  if (fault) throw notAllowed(name, `${fault.pointer.slice(1).replaceAll('/', '.')} ${fault.message}`);
  const allowed = findScript(run.scripts!, name)!;
  const [[party, named]] = Object.entries(inputs) as [[string, Readonly<Record<string, string>>]];
  const tables = Object.entries(named);
  const artifactRoot = await realpath(run.artifactRoot).catch(() => resolve(run.artifactRoot));
  const { chainId, taskId } = run;
  const roots = { party, root: resolve(join(run.dataRoot, party)), artifactRoot, chainId, taskId };
  const account = (await accountsOf([roots])).get(party);
  if (!allowed.unconfined) await tryConfined(bwrap, name, allowed, account);
  await removeEarlier(artifactFolder(roots), run.attempt);
  const folder = join(artifactFolder(roots), `${PREFIX}${run.attempt}-${randomBytes(6).toString('hex')}`);
  const within = allowed.unconfined ? [] : confine(bwrap, allowed, account, folder);
  const part = (from: number, to: number): TaskRun<ScriptConfig> => ({
    ...run,
    progress: (fraction, stage) => run.progress(from + (to - from) * fraction, stage),
  });
  try {
    await runParties({ program: stageProgram, parties: { [party]: { tables, folder } }, run: part(0, STAGED) });
    const end = await runCommand(part(STAGED, RAN), { allowed, args, folder, account, within });
    const take: TakeParty.TakeArgs = {
      ...{ script: name, tables, folder, end: [end.how, end.stderr] },
      ...{ isDone: end.isDone, outputPath: outputs?.[party] ?? null },
    };
    const outcomes = await runParties({ program: takeProgram, parties: { [party]: take }, run: part(RAN, 1) });
    return {
      result: { output_paths: { [party]: outcomes.parties[party]!.value.output } },
      artifacts: outcomes.artifacts,
      partyResults: outcomes.partyResults,
    };
  } finally {
    await remove(folder, (words) => run.log('warn', `Party ${party}: ${words}`));
  }
}

/** Removes what an earlier attempt left when its worker was killed. */
async function removeEarlier(folder: string, attempt: number): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    if (name.startsWith(PREFIX) && Number.parseInt(name.slice(PREFIX.length), 10) < attempt)
      await rm(join(folder, name), { recursive: true, force: true });
}

/** Removes the folder of a run, first the copies of tables. A command may have made folders that cannot be removed. */
async function remove(folder: string, warn: (words: string) => void): Promise<void> {
  for (const path of [join(folder, FOLDERS.in), folder])
    await rm(path, { recursive: true, force: true }).catch((error: NodeJS.ErrnoException) =>
      warn(`files of a command could not be removed (${error.code}).`),
    );
}

/** Throws SCRIPT_NOT_ALLOWED where commands cannot be confined here. */
async function tryConfined(
  bwrap: string,
  name: string,
  allowed: AllowedScript,
  account: Account | undefined,
): Promise<void> {
  const { ended, last } = startGuarded(['/usr/bin/true'], {
    ...{ account, within: confine(bwrap, allowed, account), cwd: '/' },
  });
  const end = await ended;
  if (end.kind === 'ended' && end.how === 'code 0') return;
  const words = last().toString('utf8').trim().split('\n').at(-1);
  const why = words || (end.kind === 'ended' ? end.how : end.kind);
  throw notAllowed(
    name,
    `the worker cannot confine it by ${bwrap} (${why}). Install bubblewrap where processes may make namespaces, or let SCRIPT_TASKS say that it is unconfined`,
  );
}

const notAllowed = (script: string, why: string): TaskFailure =>
  new TaskFailure('SCRIPT_NOT_ALLOWED', `The script ${JSON.stringify(script)} may not run: ${why}.`, false, { script });
