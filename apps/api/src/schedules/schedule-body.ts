import { pointer, secretNameOf, type InputFault, type JsonValue } from '#libs/chain-domain';
import type { TemplateUse } from '#libs/chain-engine';
import type { Database, TickWork } from '#libs/repositories';
import { LARGE_BYTES } from '../http/large-body.js';
import { Problem } from '../http/problem.js';
import type { TemplateReader } from '../templates/template-reader.js';
import { filled, namesEvent } from './schedule-words.js';

/** What chains of a schedule are made of. */
export type ScheduleSource = Pick<TickWork, 'template_id' | 'version' | 'chain' | 'params' | 'time_zone'>;

/** The body of `POST /chains` that a due time or an event stands for. Throws NOT_FOUND problems, and INVALID_CHAIN for an event that names a secret. */
export async function bodyOf(
  db: Database,
  reader: TemplateReader,
  { template_id: id, version: word, chain, params, time_zone: zone }: ScheduleSource,
  dueAt: string,
  event: JsonValue,
): Promise<{ readonly body: Record<string, unknown>; readonly template?: TemplateUse }> {
  const schedule = { due_at: dueAt, date: dateIn(zone ?? 'UTC', dueAt) };
  const args = filled(params as JsonValue, { schedule, event }) as Readonly<Record<string, JsonValue>>;
  for (const [name, value] of Object.entries(args)) {
    if (typeof value !== 'string' || secretNameOf(value) === undefined || !namesEvent(params[name])) continue;
    const message = `An event says which secret ${name} is: only the schedule itself may.`;
    const errors = [{ code: 'SECRET_NOT_ALLOWED', pointer: pointer('params', name), message }];
    throw new Problem('INVALID_CHAIN', message, { errors });
  }
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
