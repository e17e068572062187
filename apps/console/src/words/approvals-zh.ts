/** What the page of approvals says in Chinese. */
export const approvals = {
  heading: '数据所有者的审批',
  about: '数据所有者的策略未覆盖的任务。所有者批准后才会运行。',
  none: '没有任务等待审批。',
  party: '参与方',
  part: '属于',
  cover: '也可以一次批准整体，例如定时计划的所有运行：下面的命令打印将覆盖的内容，供阅读、修改和签署。',
  why: '询问原因',
  hash: '任务哈希',
  task: '确切的任务',
  approve: '如何批准',
  signed: '批准要用参与方的密钥签名，该密钥绝不进入浏览器。所有者用以下命令查看并签名：',
  refuse: '拒绝',
  refuseTitle: '拒绝 {{task}}',
  refusing: '该任务将以 {{party}} 的名义失败。有效期 30 天。',
  words: '任务链作者会读到的话',
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
  end: '提前终止：',
};

/** What is said of what asks a person in Chinese. */
export const signOff = {
  heading: '询问您的签核',
  none: '没有任务请您签核。',
  who: '谁可以回答',
  until: '截止时间',
  others: '它没有询问您。',
  answer: '回答',
  note: '备注，随回答保存',
  approve: '签核',
  reject: '拒绝',
  help: '签核后，任务以您的回答成功结束；拒绝则任务以您的备注失败，此时必须填写备注。',
};
