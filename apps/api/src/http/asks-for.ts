/** Whether the caller asks for `type` and not for JSON, which is the default: generated clients name every type that the document has. */
export const asksFor = (accept: string | undefined, type: string): boolean =>
  accept !== undefined && accept.includes(type) && !accept.includes('application/json');
