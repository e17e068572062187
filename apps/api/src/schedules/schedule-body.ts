import { isObject, type InputFault } from '#libs/chain-domain';
import type { TemplateUse } from '#libs/chain-engine';
import type { Database, TickWork } from '#libs/repositories';
import { LARGE_BYTES } from '../http/large-body.js';
import type { TemplateReader } from '../templates/template-reader.js';

/** What chains of a schedule are made of. */
export type ScheduleSource = Pick<TickWork, 'template_id' | 'version' | 'chain' | 'params' | 'time_zone'>;

/** The body of `POST /chains` that a due time stands for. Throws NOT_FOUND problems. */
export async function bodyOf(
  db: Database,
  reader: TemplateReader,
  { template_id: id, version: word, chain, params, time_zone: zone }: ScheduleSource,
  dueAt: string,
): Promise<{ readonly body: Record<string, unknown>; readonly template?: TemplateUse }> {
  const args = filled(params, [
    ['${schedule.due_at}', dueAt],
    ['${schedule.date}', dateIn(zone ?? 'UTC', dueAt)],
  ]) as object;
  const given = { ...(Object.keys(args).length > 0 && { args }), execute: true };
  if (id === null) return { body: { ...chain, ...given } };
  const template = await reader.find(db, id);
  const { chain: made, number } = await reader.version(db, db.tenant!, template, word ?? undefined);
  return { body: { ...made, ...given }, template: { id, version: number } };
}

/** What is wrong with the chain of a schedule beside what `POST /chains` would find. */
export function chainFaults(chain: Readonly<Record<string, unknown>>): InputFault[] {
  const faults: InputFault[] = [];
  if (Buffer.byteLength(JSON.stringify(chain)) > LARGE_BYTES) {
    const message = `A schedule's chain has at most ${LARGE_BYTES} bytes of JSON.`;
    faults.push({ code: 'OUT_OF_RANGE', pointer: '/chain', message });
  }
  for (const [field, instead] of [
    ['args', 'Give the values in params, beside the chain.'],
    ['execute', 'Each chain is started when it is made: leave it out.'],
  ] as const) {
    if (chain[field] === undefined) continue;
    faults.push({ code: 'UNKNOWN_FIELD', pointer: `/chain/${field}`, message: instead });
  }
  return faults;
}

/** The date at that place and time, as `2026-01-31`. */
function dateIn(timeZone: string, time: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(new Date(time));
}

function filled(value: unknown, words: readonly (readonly [string, string])[]): unknown {
  if (typeof value === 'string') return words.reduce((text, [word, by]) => text.replaceAll(word, () => by), value);
  if (Array.isArray(value)) return value.map((each) => filled(each, words));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each, words)]));
}
