import { Injectable } from '@nestjs/common';
import type { Queryable } from './database.js';
import { connectNode, holdNodes, releaseNode } from './statements/node-connections.js';

/** A connection of a site that has proven its key. */
export interface NodeConnection {
  readonly tenant: string;
  readonly party: string;
  readonly fingerprint: string;
  readonly connection: string;
  readonly version: number;
  readonly software: string;
  readonly address: string;
}

/** Why a site may not be connected. */
export type NodeRefusal = 'UNKNOWN' | 'REVOKED' | 'EXPIRED' | 'CLOSED' | 'REPLACED';

/** The connections of sites, as the worker's role stores and checks them. */
@Injectable()
export class NodeConnectionRepository {
  /** Stores that a site is connected, in place of its earlier connection, and notes it in the audit log; else returns why it may not be. */
  async connect(db: Queryable, node: NodeConnection): Promise<NodeRefusal | undefined> {
    const { tenant, fingerprint, party, connection, version, software, address } = node;
    const values = [tenant, fingerprint, party, connection, version, software, address];
    const [row] = await db.query<{ verdict: NodeRefusal | 'OK' }>(connectNode, values);
    return row!.verdict === 'OK' ? undefined : row!.verdict;
  }

  /** Stores that sites are connected still, and their round trips in ms where they are known, and returns the connections that count no longer. */
  async hold(
    db: Queryable,
    connections: readonly string[],
    roundTrips: readonly (number | undefined)[],
  ): Promise<Map<string, NodeRefusal>> {
    const values = [connections, roundTrips.map((each) => each ?? null)];
    const rows = await db.query<{ connection: string; ended: NodeRefusal }>(holdNodes, values);
    return new Map(rows.map(({ connection, ended }) => [connection, ended]));
  }

  async release(db: Queryable, connection: string): Promise<void> {
    await db.query(releaseNode, [connection]);
  }
}
