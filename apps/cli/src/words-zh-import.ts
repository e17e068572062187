/** Chinese for what `import` says. */
export const importWords: Readonly<Record<string, string>> = {
  'make a chain of a graph of SecretPad, an Argo workflow, a serialised DAG of Airflow or messages to Celery workers':
    '把 SecretPad 的图、Argo 工作流、Airflow 的序列化 DAG 或发给 Celery worker 的消息变成任务链',
  'what the file is; by default what it looks like': '文件的种类；默认按内容判断',
  'task types and tables that the file does not say, JSON or YAML': '文件没有说明的任务类型和数据表，JSON 或 YAML',
  'a schedule with the chain, where the file says when it runs': '文件说明了运行时间时，给出带有该链的定时计划',
  'fail where something did not carry over': '有内容未能转换时报错',
  '{file} is none of {formats}: name it by --from.': '{file} 不是 {formats} 中的任何一种：请用 --from 指明。',
  '{file} says no time that a schedule can have.': '{file} 没有定时计划可以使用的时间。',
  'It runs at its times: --schedule makes a schedule of it.': '它按时间运行：--schedule 把它变成定时计划。',
  'no task type does the work of "{name}": give one under types of --with':
    '没有任务类型能做 "{name}" 的工作：请在 --with 的 types 中给出',
  'the type given for "{name}" does not use it': '为 "{name}" 给出的类型没有用到它',
  'a chain has nothing like it': '任务链中没有对应的内容',
  'how and where it runs there is no part of a chain': '在那里如何运行、在何处运行不属于任务链',
  'how it is shown or loaded there: nothing depends on it': '只关系到在那里如何显示或加载，没有别的依赖它',
  '"{text}" has no counterpart and stays as it is': '"{text}" 没有对应的写法，原样保留',
  'the condition "{text}" has no counterpart: write one in CEL': '条件 "{text}" 没有对应的写法：请用 CEL 写',
  '"{text}" has no trigger rule: the task waits for all that it names':
    '"{text}" 没有对应的触发规则：任务等待其中所有的任务',
  'the trigger rule "{text}" has none here: the task has all_success':
    '触发规则 "{text}" 在这里没有：任务使用 all_success',
  'a rule that looks at failures needs stop_on_error: false': '看失败的规则需要 stop_on_error: false',
  'this list is not known when the chain is created': '创建任务链时还不知道这个列表',
  'a loop around several tasks: they run once': '循环包含多个任务：它们只运行一次',
  'a template that calls itself': '模板调用了自己',
  'it has more than 10,000 tasks': '超过 10,000 个任务',
  'there is no template "{name}" in this document': '文档中没有模板 "{name}"',
  'whose table "{name}" is, and where: give it under tables of --with':
    '表 "{name}" 属于谁、在哪里：请在 --with 的 tables 中给出',
  'which party has the columns {name}: give them under tables of --with':
    '列 {name} 属于哪一方：请在 --with 的 tables 中给出',
  'it is paused there: pause the schedule once it is created': '它在那里是暂停的：创建定时计划后请暂停它',
  '"{text}" is no duration that a chain has': '"{text}" 不是任务链能用的时长',
  '"{text}" has no counterpart': '"{text}" 没有对应的内容',
};
