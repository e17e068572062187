import { createHash } from 'node:crypto';
import { isObject } from '#libs/chain-domain';
import { canonicalTask, partiesOf, type TaskStatement } from '#libs/consent';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import type { Session } from '../session.js';
import type { ApprovalDto } from '#client';

/** A task that a party decides on, as the server sent it, and the hash that was computed here. */
export interface AskedTask {
  readonly task: TaskStatement;
  readonly hash: string;
  readonly asked: ApprovalDto;
}

/**
 * The task of an answer of the server, and the hash of just that. Throws where the server names another chain or task than it sends,
 * or another hash: then what is shown is not what a worker would be asked to run.
 */
export function readAsked(asked: ApprovalDto, chainId: string, { say }: Session): AskedTask {
  const sent: Readonly<Record<string, unknown>> = isObject(asked.task) ? asked.task : {};
  const { chain_id, task_id, task_type, proposer, purpose, origin, params, from } = sent;
  const refuse = (why: string): Failure =>
    new Failure(EXIT.CONFLICT, say('{task}: {why}. Nothing was signed.', { task: asked.task_id, why }));
  const isTask =
    [chain_id, task_id, task_type].every((each) => typeof each === 'string') &&
    (proposer === null || typeof proposer === 'string') &&
    [purpose, origin].every((each) => each === undefined || typeof each === 'string') &&
    isObject(params) &&
    isObject(from);
  if (!isTask) throw refuse(say('the answer of the server is not a task'));
  if (chain_id !== chainId || task_id !== asked.task_id) throw refuse(say('the server sends another task'));
  const task = { chain_id, task_id, task_type, proposer, purpose, origin, params, from } as TaskStatement;
  const hash = `sha256:${createHash('sha256').update(canonicalTask(task)).digest('hex')}`;
  if (hash !== asked.hash)
    throw refuse(say('its hash is {hash}, and the server says {other}', { hash, other: asked.hash }));
  return { task, hash, asked };
}

/**
 * Throws where a task says that its inputs come from another task than the one which the server shows for that name: an approval of it
 * would open what that other task made.
 */
export function requireSources(all: readonly AskedTask[], { say }: Session): void {
  const hashes = new Map(all.map(({ task, hash }) => [task.task_id, hash]));
  for (const { task } of all) {
    const wrong = Object.entries(task.from).find(([id, hash]) => (hashes.get(id) ?? hash) !== hash);
    if (wrong === undefined) continue;
    const why = say('it reads another task {source} than the server shows', { source: wrong[0] });
    throw new Failure(EXIT.CONFLICT, say('{task}: {why}. Nothing was signed.', { task: task.task_id, why }));
  }
}

/**
 * All that a person needs to decide: the exact task that is signed for, what leaves the parties, who they are, and why a person is
 * asked. All but the reasons comes from the task and from this program.
 */
export async function linesOfTask({ task, hash, asked }: AskedTask, { say }: Session): Promise<string[]> {
  const { task_config: config } = task.params as Readonly<Record<string, unknown>>;
  const others = partiesOf(task.params).filter((each) => each !== asked.party);
  const recipients = isObject(config) && Array.isArray(config['recipients']) ? config['recipients'].map(String) : [];
  const { engine, leaves } = await leavesOf(task.task_type, task.params, say);
  const json = JSON.stringify(JSON.parse(canonicalTask(task)), null, 2).split('\n');
  return [
    `${task.task_id} (${task.task_type})`,
    `  ${say('hash')}: ${hash}`,
    `  ${say('proposed by')}: ${task.proposer ?? say('a key of no party')}`,
    ...(task.origin === undefined ? [] : [`  ${say('part of')}: ${task.origin}`]),
    ...(task.purpose === undefined ? [] : [`  ${say('stated purpose')}: ${task.purpose}`]),
    `  ${say('engine')}: ${engine}`,
    `  ${say('other parties')}: ${others.join(', ') || say('none')}`,
    ...(recipients.length > 0 ? [`  ${say('encrypted for')}: ${recipients.join(', ')}`] : []),
    `  ${say('what leaves the parties')}: ${leaves}`,
    ...(asked.reasons === null ? [] : [`  ${say('asked because')}: ${asked.reasons}`]),
    `  ${say('the task')}:`,
    ...json.map((line) => `    ${line}`),
  ].map(visible);
}

/** The engine of a task, and what leaves the parties there: as this program knows it. */
export async function leavesOf(
  type: string,
  params: unknown,
  say: Session['say'],
): Promise<{ readonly engine: string; readonly leaves: string }> {
  const { findRunner } = await import('#libs/compute');
  const { engine: named = 'native', task_config: config } = params as Readonly<Record<string, unknown>>;
  const engine = String(named);
  const leaves = findRunner(type, named)?.leaves(type, config);
  return {
    engine,
    leaves: leaves ?? say('this program does not know the type {type} on the engine {engine}', { type, engine }),
  };
}

/** Shows as `\uXXXX` what a terminal would not show, or would show elsewhere: in JSON that is the same text. */
export const visible = (line: string): string =>
  line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (each) =>
    Array.from({ length: each.length }, (_, at) => `\\u${each.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  );
