/** Bytes above which a chain is read in its own thread: a smaller one takes the API's main thread a few milliseconds. */
export const LARGE_BYTES = 64 * 1024;

/** The body of a request that is not parsed yet. */
export class LargeBody {
  constructor(readonly bytes: Buffer) {}
}
