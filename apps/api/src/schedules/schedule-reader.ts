import { Injectable } from '@nestjs/common';
import { quoted } from '#libs/chain-domain';
import { ScheduleRepository, type Queryable, type ScheduleView, type TickView } from '#libs/repositories';
import { chainTag, versionsOf } from '../http/entity-tag.js';
import { isId } from '../http/patterns.js';
import { Problem } from '../http/problem.js';
import { isoOf, nextDueTimes } from './due-times.js';
import type { ScheduleDto } from './schedules.dto.js';

const SHOWN_DUE_TIMES = 5;

/** Finds schedules, and shows them. Throws NOT_FOUND problems. */
@Injectable()
export class ScheduleReader {
  constructor(private readonly schedules: ScheduleRepository) {}

  /** Throws PRECONDITION_FAILED where it is not as If-Match knows it. */
  async find(db: Queryable, id: string, ifMatch?: string): Promise<ScheduleView> {
    const schedule = isId(id) ? await this.schedules.find(db, id) : undefined;
    if (schedule === undefined) throw noSchedule(id);
    if (versionsOf(ifMatch, false)?.has(schedule.revision) === false) throw scheduleHasChanged(schedule);
    return schedule;
  }

  async shown(db: Queryable, schedule: ScheduleView): Promise<ScheduleDto> {
    return (await this.shownAll(db, [schedule]))[0]!;
  }

  async shownAll(db: Queryable, schedules: readonly ScheduleView[]): Promise<ScheduleDto[]> {
    const last = await this.schedules.lastTicks(
      db,
      schedules.map(({ schedule_id: id }) => id),
    );
    return schedules.map((schedule) => scheduleDto(schedule, last.get(schedule.schedule_id) ?? null));
  }
}

export const scheduleTag = ({ revision }: ScheduleView): string => chainTag(revision);

export function noSchedule(id: string): Problem {
  return new Problem('NOT_FOUND', `There is no schedule ${quoted(id)}.`);
}

export function scheduleHasChanged(schedule: ScheduleView): Problem {
  return new Problem('PRECONDITION_FAILED', 'The schedule has changed since it was read: read it again.', {
    headers: { ETag: scheduleTag(schedule) },
  });
}

function scheduleDto(schedule: ScheduleView, last: TickView | null): ScheduleDto {
  const { anchor: _anchor, revision: _revision, next_due_at: next, time_zone: zone, ...shown } = schedule;
  const due =
    next === null || schedule.paused
      ? []
      : [next, ...nextDueTimes(schedule, Date.parse(next), SHOWN_DUE_TIMES - 1).map(isoOf)];
  return { ...shown, time_zone: zone!, next_due_times: due, last_tick: last };
}
