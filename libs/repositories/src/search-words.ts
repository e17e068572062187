/** The words of a text that somebody looks for; all of them have to be found. */
export const searchWords = (text: string | undefined): string[] =>
  text?.split(/\s+/).filter((word) => word !== '') ?? [];
