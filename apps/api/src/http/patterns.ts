/** The name of a tenant. */
export const TENANT_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** The name of a party, as it names a folder. */
export const PARTY_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** Error codes, such as `TASK_ERROR` and those of the task types. */
export const ERROR_CODE = /^[A-Z][A-Z0-9_]*$/;

/** What a fault says of text that does not match, by the source of the pattern. */
export const PATTERN_RULES: Readonly<Record<string, string>> = {
  [TENANT_ID.source]: 'must begin with a-z or 0-9 and may hold a-z, 0-9 and _ - only, 64 characters at most',
  [PARTY_NAME.source]: 'must begin with a letter and may hold A-Z, a-z, 0-9 and _ - only, 64 characters at most',
  [ERROR_CODE.source]: 'must be a code such as TASK_ERROR',
};

/** Whether a text can be an id at all. The database refuses text that holds NUL, so nothing else is looked up. */
export const isId = (text: string): boolean => /^[A-Za-z0-9._-]{1,64}$/.test(text);
