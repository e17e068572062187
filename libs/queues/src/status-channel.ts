import type { Lane } from './messages.js';

/** Messages that were received and are not yet done with. */
export interface Delivery {
  /** Raw JSON texts, in the order of their arrival; empty when nothing came. */
  readonly messages: readonly string[];
  /** They are stored: forget them. If this is lost they come again. */
  ack(): Promise<void>;
  /** They could not be stored: let them come again. */
  release(): Promise<void>;
}

/**
 * The workers' way to the listeners, durable and read in batches. At least once: a message is delivered until it is
 * acknowledged, so it may come twice; several listeners share a lane. The way back (`broadcast`) is best effort.
 */
export interface StatusChannel {
  /** Resolves once the message is stored. */
  publish(lane: Lane, message: object): Promise<void>;
  /** Waits up to `waitMs` for messages and takes all that have arrived, `max` at most. One caller per lane. */
  receive(lane: Lane, max: number, waitMs: number): Promise<Delivery>;
  /** To every subscriber that listens now. */
  broadcast(message: object): Promise<void>;
  subscribe(onMessage: (text: string) => void): Promise<void>;
  /** Messages of the lane not yet acknowledged. */
  backlog(lane: Lane): Promise<number>;
  close(): Promise<void>;
}

export const NOTHING: Delivery = { messages: [], ack: async () => undefined, release: async () => undefined };
