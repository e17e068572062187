import { partiesOf, type CoveredTask, type HoleBounds, type StandingStatement } from '#libs/consent';
import type { Session } from '../session.js';
import type { Draft } from './statement-book.js';
import { leavesOf, visible } from './asked-tasks.js';

/** All that a person needs to decide on a whole, in words: what it covers, how often, until when, and what may vary. */
export async function linesOfStanding(
  draft: Draft<StandingStatement>,
  party: string,
  { say }: Session,
): Promise<string[]> {
  const { name, origin, proposer, purpose, expires_at: until, tasks } = draft;
  const [kind, id = ''] = origin.split(':');
  const whole =
    kind === 'schedule' ? say('all chains of the schedule {id}', { id }) : say('{id} and all chains within it', { id });
  const lines = [
    say('Standing approval {name} of {party}, until {until}', { name, party, until }),
    `  ${say('covers')}: ${whole}`,
    `  ${say('proposed by')}: ${proposer ?? say('a key of no party')}`,
    ...(purpose === undefined ? [] : [`  ${say('stated purpose')}: ${purpose}`]),
  ];
  for (const task of tasks) lines.push(...(await linesOfCovered(task, party, say)));
  return lines.map(visible);
}

async function linesOfCovered(task: CoveredTask, party: string, say: Session['say']): Promise<string[]> {
  const { task_id: id, task_type: type, params, holes, from, uses } = task;
  const others = partiesOf(params).filter((each) => each !== party);
  const { engine, leaves } = await leavesOf(type, params, say);
  const varies = Object.entries(holes).map(([pointer, bounds]) => `      ${pointer}: ${boundsInWords(bounds, say)}`);
  const sources = Object.entries(from).map(
    ([source, hash]) => `      ${source}: ${hash ?? say('as it runs under this approval')}`,
  );
  const json = JSON.stringify(params, null, 2).split('\n');
  return [
    `  ${say('{task} ({type}), at most {uses} times', { task: id, type, uses })}`,
    `    ${say('engine')}: ${engine}`,
    `    ${say('other parties')}: ${others.join(', ') || say('none')}`,
    `    ${say('what leaves the parties')}: ${leaves}`,
    ...(sources.length > 0 ? [`    ${say('its inputs come from')}:`, ...sources] : []),
    varies.length > 0 ? `    ${say('may vary')}:` : `    ${say('may vary')}: ${say('nothing')}`,
    ...varies,
    `    ${say('the task')}:`,
    ...json.map((line) => `      ${line}`),
  ];
}

function boundsInWords({ min, max, enum: values, like, each }: HoleBounds, say: Session['say']): string {
  const words: string[] = [];
  if (values !== undefined) words.push(values.map((value) => JSON.stringify(value)).join(', '));
  if (min !== undefined) words.push(say('{min} or more', { min }));
  if (max !== undefined) words.push(say('{max} or less', { max }));
  if (like !== undefined) words.push(say('{like}, where # is any number', { like: JSON.stringify(like) }));
  if (each !== undefined) words.push(say('a list, each of it: {bounds}', { bounds: boundsInWords(each, say) }));
  return words.join('; ');
}
