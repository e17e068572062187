/** The name of a tenant. */
export const TENANT_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** The name of a party, as it names a folder. */
export const PARTY_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** Error codes, such as `TASK_ERROR` and those of the task types. */
export const ERROR_CODE = /^[A-Z][A-Z0-9_]*$/;

/** The key of a label: the name of a filter as well. */
export const LABEL_KEY = /^[A-Za-z0-9]([A-Za-z0-9._/-]{0,62}[A-Za-z0-9])?$/;

/** The value of a label: commas separate labels in a filter. */
export const LABEL_VALUE = /^[^,\u0000-\u001f\u007f]*$/;

/** A text of one line that looks the same wherever it stands: no control characters, and none that turn its direction. */
export const PLAIN_TEXT = /^[^\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]*$/;

/** The tenants that something is shared with. */
export const SHARED_WITH = /^(\*|[a-z0-9][a-z0-9_-]{0,63})$/;

/** The label of a version: no number. */
export const VERSION_LABEL = /^[a-z][a-z0-9-]{0,63}$/;

/** What a fault says of text that does not match, by the source of the pattern. */
export const PATTERN_RULES: Readonly<Record<string, string>> = {
  [TENANT_ID.source]: 'must begin with a-z or 0-9 and may hold a-z, 0-9 and _ - only, 64 characters at most',
  [PARTY_NAME.source]: 'must begin with a letter and may hold A-Z, a-z, 0-9 and _ - only, 64 characters at most',
  [ERROR_CODE.source]: 'must be a code such as TASK_ERROR',
  [LABEL_KEY.source]: 'must be 1 to 64 letters, digits and . _ / - with a letter or digit at both ends',
  [PLAIN_TEXT.source]: 'must hold no control characters, nor any that turn the direction of the text',
  [SHARED_WITH.source]: 'must be the name of a tenant, or * for all',
  [LABEL_VALUE.source]: 'must hold no comma and no control character',
};

/** Whether a text can be an id at all. The database refuses text that holds NUL, so nothing else is looked up. */
export const isId = (text: string): boolean => /^(?=.{1,64}$)[A-Za-z0-9._-]+(?:\[[A-Za-z0-9._-]+\])?$/.test(text);
