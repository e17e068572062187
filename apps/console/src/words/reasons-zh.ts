/** Why a task asks the owner of data, each in a line that `tools/reason-words.spec.ts` reads. `$1` and so on are what the groups hold. */
export const reasons: readonly (readonly [RegExp, string])[] = [
  [/^it reads a file that is no dataset$/, '任务读取的文件不是已登记的数据集'],
  [
    /^(\S+) does what a text of its author says, and a policy covers texts of its own party alone$/,
    '$1 按其作者写的文本执行，策略只涵盖本方自己写的文本',
  ],
  [
    /^a file or a parameter comes from a result, which an approval does not cover$/,
    '有文件或参数来自某个结果，批准不涵盖这种情况',
  ],
  [/^its approval expired at (\S+)$/, '批准已于 $1 过期'],
  [
    /^its approval covers (?:one run|(\d+) runs) that opened something to others, and the task did so already$/,
    '批准允许的、向他人公开内容的运行次数已用完',
  ],
  [/^the dataset has no policy$/, '数据集没有策略'],
  [/^its policy expired at (\S+)$/, '策略已于 $1 过期'],
  [/^its policy asks a person$/, '策略要求由人决定'],
  [/^its policy has no rule for (\S+)$/, '策略没有针对 $1 的规则'],
  [/^it was used (\d+) times within (\d+) days, and its policy allows (\d+)$/, '$2 天内已使用 $1 次，策略允许 $3 次'],
  [
    /^the chain states no purpose \(metadata\.purpose\); allowed are (.+)$/s,
    '任务链没有写明用途（metadata.purpose）；允许的用途：$1',
  ],
  [
    /^the purpose (.+) is not allowed \(metadata\.purpose\); allowed are (.+)$/s,
    '不允许用途 $1（metadata.purpose）；允许的用途：$2',
  ],
  [/^the rule is not for (\S+)$/, '规则不适用于 $1'],
  [/^the engine (.+) is not allowed$/, '不允许引擎 $1'],
  [
    /^by (\S+) on (\S+) one party could compute all that another brings: a rule that allows it has bounds for \/protocol in params$/,
    '用 $2 上的 $1 时，一方能够算出另一方带来的全部内容：允许它的规则须在 params 中限定 /protocol',
  ],
  [
    /^by (\S+) on (\S+) a party that breaks the protocol could test more keys than it has rows: a rule that allows it has bounds for \/protocol in params$/,
    '用 $2 上的 $1 时，违反协议的一方能够试猜多于其行数的键：允许它的规则须在 params 中限定 /protocol',
  ],
  [
    /^the rule does not name the component: one that allows it has bounds for \/component in params$/,
    '规则没有写明组件：允许它的规则须在 params 中限定 /component',
  ],
  [
    /^nobody has reviewed what its component sends, and an approval does not cover it: a policy has to allow it$/,
    '无人评审过其组件发送什么，批准也不涵盖：须由策略允许',
  ],
  [/^party (\S+) is not allowed$/, '不允许参与方 $1'],
  [/^chains of a key without a party are not allowed$/, '不允许不属于任何参与方的密钥所建的任务链'],
  [/^chains of (.+) are not allowed$/, '不允许 $1 的任务链'],
  [/^party (\S+) may not learn anything$/, '参与方 $1 不得得知任何内容'],
  [/^its number of rows is not known$/, '数据集的行数未知'],
  [/^it has fewer rows than the (\d+) that the rule needs$/, '数据集的行数少于规则要求的 $1 行'],
  [/^the task names no columns, so it would use all$/, '任务没有指定列，因此会使用所有列'],
  [/^the task uses columns that it does not name$/, '任务使用了它没有指定的列'],
  [/^column (.+) is not allowed in (\S+)$/s, '$2 中不允许列 $1'],
  [/^(\S+) is missing or outside its bounds$/, '$1 缺失或超出范围'],
];
