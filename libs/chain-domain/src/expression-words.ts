/** Line and column of a place in the text of an expression. */
export function placeIn(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}

/** What is wrong with the text of an expression, by the error of CEL's parser. */
export function syntaxFault(text: string, error: unknown): string {
  if (error instanceof RangeError) return 'it is nested too deep';
  const offset = (error as { location?: { start: { offset: number } } }).location?.start.offset;
  if (offset === undefined) return `syntax error: ${(error as Error).message}`;
  const rest = text.slice(offset);
  const shown = rest.length > 30 ? `${rest.slice(0, 30)}...` : rest;
  // The parser reports where the text that it understood ends, which may be before the fault.
  const why = rest === '' ? 'something is missing at the end' : `it cannot be read from ${JSON.stringify(shown)} on`;
  return `syntax error at ${placeIn(text, offset)}: ${why}`;
}
