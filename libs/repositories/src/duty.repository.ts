import { Injectable } from '@nestjs/common';
import type { Queryable } from './database.js';
import { Duty } from './entities/duty.entity.js';
import { rowsOf } from './rows.js';
import { COUNTED_NOW } from './statements/clock.js';

/** Leases of work that one listener does for all. */
@Injectable()
export class DutyRepository {
  /** Whether `holder` has the duty for the next `ms`. Another holder takes it over once its time is up. */
  async hold(db: Queryable, name: string, holder: string, ms: number): Promise<boolean> {
    const held = await db.entities
      .createQueryBuilder()
      .insert()
      .into(Duty)
      .values({ name, holder, held_until: () => `${COUNTED_NOW} + :ms * interval '1 ms'` })
      .setParameter('ms', ms)
      .orUpdate(['holder', 'held_until'], ['name'], {
        overwriteCondition: {
          where: `duties.holder = excluded.holder OR duties.held_until < ${COUNTED_NOW}`,
        },
      })
      .returning(['name'])
      .updateEntity(false)
      .execute();
    return rowsOf(held).length > 0;
  }
}
