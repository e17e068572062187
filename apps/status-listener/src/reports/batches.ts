/** The most messages applied in one commit. A batch is what has arrived: it never waits to fill. */
export const MAX_BATCH = 250;
/** How long one call waits for messages, ms. */
export const RECEIVE_WAIT_MS = 1_000;
