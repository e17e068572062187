/** What the page of approvals says in Chinese. */
export const approvals = {
  heading: '数据所有者的审批',
  about: '数据所有者的策略未覆盖的任务。所有者批准后才会运行。',
  none: '没有任务等待审批。',
  party: '参与方',
  part: '属于',
  cover: '也可以一次批准整体，例如定时计划的所有运行：下面的命令打印将覆盖的内容，供阅读、修改和签署。',
  why: '询问原因',
  asked: '询问时间',
  hash: '任务哈希',
  task: '确切的任务',
  approve: '如何批准',
  signed: '批准要用参与方的密钥签名，该密钥绝不进入浏览器。所有者用以下命令查看：',
  sign: '并用以下命令签名：',
  here: '{{party}} 的所有者选择了不签名审批：您可以在此以 {{party}} 的名义批准。',
  hereFor: '{{party}} 的所有者选择了不签名审批：由 {{party}} 的人员在本页批准。',
  unsigned: '此批准由服务器担保，而不是由密钥签名。审计日志会记下您的名字，其他参与方会看到没有人签名。',
  approveHere: '批准',
  approveTitle: '批准 {{task}}',
  approveAbout: '就是这个任务可以使用 {{party}} 的数据，一次，30 天内有效。任务有任何改动都要重新批准。',
  refuse: '拒绝',
  refuseTitle: '拒绝 {{task}}',
  refuseAbout: '该任务将以 {{party}} 的名义失败。有效期 30 天。',
  withdraw: '撤回',
  withdrawTitle: '撤回对 {{task}} 的批准',
  withdrawAbout:
    '正在运行的会在 5 秒内结束，此后只有 {{party}} 能读取该任务的产物。已有的副本、任务链中的结果以及后续任务由此产生的内容仍然存在。若要对服务器运营方也有效，请签名：task-chain approvals withdraw',
  words: '任务链作者会读到的话',
};

/** What is said of approvals that count in Chinese. */
export const approved = {
  heading: '未到期的批准',
  about: '所有者批准过的单个任务。运行次数用完后不再允许新的运行。撤回会终止正在运行的任务。',
  none: '目前没有未到期的批准。',
  more: '仅列出前 {{count}} 个参与方。其他请用：task-chain approvals ls --party <party>',
  by: '依据',
  owner: '签名',
  server: '服务器所述',
  runs: '运行次数',
  since: '批准时间',
  action: '操作',
};

/** What is said of what was opened of a dataset, and what is left, in Chinese. */
export const account = {
  heading: '以往的开放与剩余额度',
  noDataset: '该任务没有直接写出本参与方的数据集：其文件由哪些数据集产生，请看各数据集的账本。',
  owners: '只有该参与方的人员和管理员可以查看其数据的开放情况。',
  opened_one: '已开放 {{count}} 次。',
  opened_other: '已开放 {{count}} 次。',
  alike_one: '其中 {{type}} {{count}} 次。',
  alike_other: '其中 {{type}} {{count}} 次。',
  last: '最近一次：',
  policy: '策略到期',
  noPolicy: '没有策略：每个任务都会询问。',
  noLimit: '已开放 {{opened}}；策略未设上限。',
  left: '剩余 {{left}}，上限 {{limit}}；已开放 {{opened}}。',
  made: '由步骤产生的列',
  kinds: { bits: '单列的比特数', sums: '分桶和的个数', epsilon: 'epsilon' },
  most: { bits: '最多的列：{{of}}。', sums: '最多的参与方：{{of}}。', epsilon: '{{of}}' },
};

/** What is said of wholes that owners approved in Chinese. */
export const covers = {
  heading: '预先批准',
  about: '所有者预先批准的内容：这些任务链的任务只要在其范围内，就不再询问。',
  none: '没有所有者预先批准过。',
  more: '仅列出前 {{count}} 个参与方。其他请用：task-chain approvals covers <party>',
  expired: '已过期',
  whole: '覆盖',
  schedules: '定时计划的所有任务链',
  chains: '任务链及其内部的所有任务链',
  until: '有效至',
  proposer: '提出者',
  noParty: '不属于任何参与方的密钥',
  purpose: '声明的用途',
  task: '{{task}}（{{type}}）：最多 {{uses}} 个实例、轮次或运行',
  varies: '可以变化',
  nothing: '没有：各参数即如下所示。',
  least: '不小于 {{min}}',
  most: '不大于 {{max}}',
  like: '{{like}}，其中 # 为任意数字',
  each: '列表，其中每一项：{{bounds}}',
  end: '用签名终止（对运营方也有效）：',
  withdraw: '终止',
  withdrawTitle: '终止预先批准 {{name}}',
  withdrawAbout:
    '凭它运行的任务会在 5 秒内结束，整体中的其他任务此后会等待。凭它产生的内容仍可读取：撤回那些任务链的批准即可关闭。',
};

/** What is said of what asks a person in Chinese. */
export const signOff = {
  heading: '询问您的签核',
  none: '没有任务请您签核。',
  asked: '询问时间',
  who: '谁可以回答',
  until: '截止时间',
  others: '它没有询问您。',
  answer: '回答',
  note: '备注，随回答保存',
  approve: '签核',
  reject: '拒绝',
  help: '签核后，任务以您的回答成功结束；拒绝则任务以您的备注失败，此时必须填写备注。',
};
