import { EventEmitter } from 'node:events';
import type pg from 'pg';

/**
 * One connection of a pool that listens for all of BullMQ's workers on it. A NOTIFY wakes every connection that listens: with one for each of
 * 51 workers, these took most of PostgreSQL's CPU in a hop.
 */
class SharedListener {
  private readonly users = new Set<Listener>();
  private opened: Promise<pg.PoolClient> | undefined;
  private client: pg.PoolClient | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly pool: pg.Pool) {}

  async join(): Promise<Listener> {
    const user = new Listener(this);
    this.users.add(user);
    try {
      await (this.opened ??= this.open());
    } catch (error) {
      this.leave(user);
      throw error;
    }
    return user;
  }

  leave(user: Listener): void {
    this.users.delete(user);
    if (this.users.size === 0 && this.client !== undefined) this.end();
  }

  /** One query after another: a client takes no second one before the first has ended. */
  query(...args: readonly unknown[]): Promise<unknown> {
    const { client } = this;
    if (client === undefined) return Promise.reject(new Error('the connection that listens is lost'));
    const ask = () => Reflect.apply(client.query, client, args) as Promise<unknown>;
    this.last = this.last.then(ask, ask);
    return this.last;
  }

  private async open(): Promise<pg.PoolClient> {
    try {
      const client = await this.pool.connect();
      client.on('error', (error) => this.lose(client, error));
      client.on('notification', (message) => {
        for (const user of this.users) user.emit('notification', message);
      });
      this.client = client;
      if (this.users.size === 0) this.end();
      return client;
    } catch (error) {
      this.opened = undefined;
      throw error;
    }
  }

  /** Each user hears of it, and joins again. */
  private lose(client: pg.PoolClient, error: Error): void {
    if (this.client !== client) return;
    const users = [...this.users];
    this.users.clear();
    this.end();
    for (const user of users) user.emit('error', error);
  }

  private end(): void {
    // Its LISTENs are not for the next one who takes it from the pool.
    this.client?.release(true);
    this.client = undefined;
    this.opened = undefined;
  }
}

/** What a worker sees of the connection: its own handlers, and a release that ends its part alone. */
class Listener extends EventEmitter {
  constructor(private readonly shared: SharedListener) {
    super();
    // BullMQ adds its own once it has the connection.
    this.on('error', () => undefined);
  }

  query(...args: readonly unknown[]): Promise<unknown> {
    // BullMQ names a connection after its worker: this one is everybody's.
    if (String(args[0]).includes("set_config('application_name'")) return Promise.resolve();
    return this.shared.query(...args);
  }

  release(): void {
    this.shared.leave(this);
  }
}

const views = new WeakMap<pg.Pool, pg.Pool>();

/** A view of the pool whose `connect` joins the one connection that listens; all else is the pool's. */
export function listeningOnce(pool: pg.Pool): pg.Pool {
  let view = views.get(pool);
  if (view === undefined) {
    const shared = new SharedListener(pool);
    view = new Proxy(pool, {
      get: (target, name) => {
        if (name === 'connect') return () => shared.join();
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    views.set(pool, view);
  }
  return view;
}
