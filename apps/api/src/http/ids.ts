/** Whether a text can be an id at all: what is none is not asked of the database, which would not take NUL for one. */
export const isId = (text: string): boolean => /^[A-Za-z0-9._-]{1,64}$/.test(text);
