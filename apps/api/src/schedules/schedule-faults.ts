import { FaultList, type InputFault } from '#libs/chain-domain';
import type { ScheduleEvents, ScheduleFields, ScheduleView } from '#libs/repositories';
import { Problem } from '../http/problem.js';
import { cronFault, isoOf, nextDueTimes } from './due-times.js';
import { chainFaults } from './schedule-body.js';
import { eventOf, wordFaults } from './schedule-words.js';
import type { NewScheduleDto } from './schedules.dto.js';

const TRIGGERS = ['cron', 'interval', 'at', 'on_dataset', 'on_chain_end', 'on_webhook'] as const;

/**
 * The fields of a schedule that is saved at `now`, in ms. An interval that stays as it `was` counts on from where it did. Throws
 * BAD_REQUEST with all that is wrong with them; the chain itself is not looked at.
 */
export function fieldsOfSchedule(body: NewScheduleDto, actor: string, now: number, was?: ScheduleView): ScheduleFields {
  const { title, description = '', cron = null, time_zone = 'UTC', interval = null, params = {}, chain = null } = body;
  const { template_id = null, version = null, catch_up = 1, jitter = 0 } = body;
  const events = eventsOf(body);
  const event = eventOf(events);
  const faults: InputFault[] = [...oneOf(body, TRIGGERS), ...oneOf(body, ['template_id', 'chain'])];
  faults.push(...wordFaults(params, event), ...eventFaults(body));
  const says = cron === null ? null : cronFault(cron, time_zone);
  if (says !== null) faults.push({ code: 'INVALID_VALUE', pointer: '/cron', message: `cron ${says}.` });
  if (version !== null && template_id === null) {
    faults.push({ code: 'UNKNOWN_FIELD', pointer: '/version', message: 'version is that of a template.' });
  }
  if (chain !== null) faults.push(...chainFaults(chain));
  const at = body.at === undefined ? null : isoOf(Date.parse(body.at));
  if (at !== null && Date.parse(at) <= now) {
    faults.push({ code: 'OUT_OF_RANGE', pointer: '/at', message: 'at lies in the past.' });
  }
  requireNone(faults);
  const { overlap = event === undefined ? 'skip' : 'queue' } = body;
  const anchor = interval !== null && was?.interval === interval ? was.anchor : isoOf(now);
  const timing = { cron, time_zone, interval, anchor, at };
  return {
    ...{ title, description, ...timing, ...events, template_id, version, chain, params, overlap, catch_up, jitter },
    runs_as: actor,
    next_due_at: nextDueAt(timing, now),
  };
}

/** The first due time after `now`; null: there is none. */
export function nextDueAt(timing: Parameters<typeof nextDueTimes>[0], now: number): string | null {
  const [next] = nextDueTimes(timing, now, 1);
  return next === undefined ? null : isoOf(next);
}

export function requireNone(faults: readonly InputFault[]): void {
  if (faults.length === 0) return;
  const list = new FaultList();
  for (const fault of faults) list.add(fault);
  const errors = list.toArray();
  const detail = errors.length === 1 ? errors[0]!.message : `The schedule has ${errors.length} faults: see errors.`;
  throw new Problem('BAD_REQUEST', detail, { errors });
}

function eventsOf({ on_dataset, on_chain_end: end, on_webhook }: NewScheduleDto): ScheduleEvents {
  return {
    on_dataset: on_dataset ?? null,
    on_chain_end: end === undefined ? null : { ...end, statuses: end.statuses ?? ['SUCCESS'] },
    on_webhook: on_webhook === true,
  };
}

function eventFaults(body: NewScheduleDto): InputFault[] {
  const faults: InputFault[] = [];
  const { on_chain_end: end } = body;
  if (end !== undefined && end.template_id === undefined && end.schedule_id === undefined && end.labels === undefined) {
    const message = 'Say of which chains: give template_id, schedule_id or labels.';
    faults.push({ code: 'REQUIRED', pointer: '/on_chain_end', message });
  }
  if (end?.template_id !== undefined && end.template_id === body.template_id) {
    const message = 'Chains of the template would start each other again and again.';
    faults.push({ code: 'INVALID_VALUE', pointer: '/on_chain_end/template_id', message });
  }
  if (body.cron ?? body.interval ?? body.at) return faults;
  for (const field of ['catch_up', 'jitter'] as const) {
    if (body[field] === undefined) continue;
    faults.push({ code: 'UNKNOWN_FIELD', pointer: `/${field}`, message: `${field} is for due times, not for events.` });
  }
  return faults;
}

function oneOf(body: NewScheduleDto, fields: readonly (keyof NewScheduleDto)[]): InputFault[] {
  const given = fields.filter((field) => body[field] !== undefined);
  if (given.length === 1) return [];
  const message = `Give one of ${fields.join(', ')}.`;
  if (given.length === 0) return [{ code: 'REQUIRED', pointer: '', message }];
  return given.slice(1).map((field) => ({ code: 'UNKNOWN_FIELD', pointer: `/${field}`, message }));
}
