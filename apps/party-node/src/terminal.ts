/** Where the program writes, and what ends it. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  readonly signal: AbortSignal;
}
