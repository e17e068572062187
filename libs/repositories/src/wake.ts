import type { Queryable } from './database.js';
import { wake } from './statements/repairs.js';

/** What is under way on each database: whether another wake is to follow. */
const underWay = new WeakMap<Queryable, { again: boolean }>();

/**
 * Wakes the listeners' dispatchers without waiting for it: what was committed before this call is seen by them. Calls
 * that come while one is under way are told of together. PostgreSQL lets only one transaction with a NOTIFY commit at
 * a time, so it is no part of those that write. Where it is lost, the dispatchers look by themselves 200 ms later.
 */
export function wakeSoon(db: Queryable): void {
  const current = underWay.get(db);
  if (current !== undefined) {
    current.again = true;
    return;
  }
  const state = { again: false };
  underWay.set(db, state);
  void db
    .query(wake)
    .catch(() => undefined)
    .then(() => {
      underWay.delete(db);
      if (state.again) wakeSoon(db);
    });
}
