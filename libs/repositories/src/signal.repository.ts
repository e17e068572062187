import { Injectable } from '@nestjs/common';
import type { Queryable } from './database.js';
import type { Signal } from './entities/signal.entity.js';
import { countStored, findSignal, insertSignal, listSignals, schemaInWait } from './statements/signals.js';

export type SignalView = Omit<Signal, 'seq' | 'tenant_id' | 'status'> & {
  readonly status: Signal['status'] | 'EXPIRED';
};

export interface NewSignal {
  readonly signal_id: string;
  readonly name: string;
  readonly key: string;
  readonly payload: unknown;
  readonly created_by: string | null;
  /** Seconds until it expires. */
  readonly expires_in: number;
}

export interface SignalFilter {
  readonly name?: string | undefined;
  readonly key?: string | undefined;
  readonly status?: string | undefined;
}

/** Signals as the API sends and shows them: a listener gives them to their tasks. */
@Injectable()
export class SignalRepository {
  async insert(db: Queryable, signal: NewSignal): Promise<SignalView> {
    const { signal_id, name, key, payload, created_by, expires_in } = signal;
    const values = [signal_id, name, key, JSON.stringify(payload), created_by, expires_in];
    return (await db.query<SignalView>(insertSignal, values))[0]!;
  }

  /** The newest first, without their payloads. */
  list(
    db: Queryable,
    { name, key, status }: SignalFilter,
    limit: number,
    after: number,
  ): Promise<Omit<SignalView, 'payload'>[]> {
    return db.query(listSignals, [name ?? null, key ?? null, status ?? null, limit, after]);
  }

  async find(db: Queryable, id: string): Promise<SignalView | undefined> {
    return (await db.query<SignalView>(findSignal, [id]))[0];
  }

  /** How many wait for their task. */
  async stored(db: Queryable): Promise<number> {
    return (await db.query<{ stored: number }>(countStored))[0]!.stored;
  }

  /** What the payload must be of a signal that a task waits for now; null: anything, or no task waits. */
  async schemaInWait(db: Queryable, name: string, key: string): Promise<object | null> {
    return (await db.query<{ schema: object | null }>(schemaInWait, [name, key]))[0]?.schema ?? null;
  }
}
