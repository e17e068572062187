/** What stands in the sentences below. */
export const names: Readonly<Record<string, string>> = {
  'a text': '文本',
  'a whole number': '整数',
  'a number': '数',
  'true or false': ' true 或 false',
  'a list': '列表',
  'an object': '对象',
  null: ' null',
  character: '字符',
  characters: '字符',
  item: '项',
  items: '项',
  field: '字段',
  fields: '字段',
  party: '参与方',
  parties: '参与方',
};

/** What the API says of a value that does not fit its schema, each in a line that `tools/requirement-words.spec.ts` reads. */
export const sentences: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\s)(?:is required|is missing)$/, '必填'],
  [/(?:^|\s)must not be empty$/, '不可为空'],
  [
    /(?:^|\s)must be ((?:a text|a whole number|a number|true or false|a list|an object|null)(?: or [a-z ]+)?)$/,
    '须为$1',
  ],
  [/(?:^|\s)must be one of (.+)$/s, '须为以下之一：$1'],
  [/(?:^|\s)must be (\S+) or more$/, '须不小于 $1'],
  [/(?:^|\s)must be (\S+) or less$/, '须不大于 $1'],
  [/(?:^|\s)must be more than (\S+)$/, '须大于 $1'],
  [/(?:^|\s)must be less than (\S+)$/, '须小于 $1'],
  [/(?:^|\s)must be a multiple of (\S+)$/, '须为 $1 的倍数'],
  [/(?:^|\s)must have at least (\d+) (characters?|items?|fields?|party|parties)$/, '至少须有 $1 个$2'],
  [/(?:^|\s)must have at most (\d+) (characters?|items?|fields?|party|parties)$/, '至多可有 $1 个$2'],
  [
    /(?:^|\s)must not hold the same item twice: items (\d+) and (\d+) are the same$/,
    '第 $1 项与第 $2 项（从 0 数起）相同，不可重复',
  ],
  [/(?:^|\s)needs (\S+) beside (\S+)$/, '有 $2 时还须有 $1'],
  [/(?:^|\s)must match (.+)$/s, '须匹配 $1'],
  [/(?:^|\s)is not a known field$/, '不是已知的字段'],
  [/(?:^|\s)is not a known field: there are (.+)$/s, '不是已知的字段；可用的有：$1'],
  [/(?:^|\s)has none of the forms that it may have$/, '不符合任何一种允许的形式'],
  [/(?:^|\s)must be ("[^"]*"|\d+)$/, '须为 $1'],
];
