/** What the page of workers says in Chinese. */
export const workers = {
  about: '为所有租户运行任务的进程，数据来自其心跳。10 秒无心跳的工作进程不再得到任务；一分钟后不再列出。',
  none: '最近一分钟内没有工作进程的心跳。请启动一个：npm start，或您部署中的 compute-worker。',
  worker: '工作进程',
  alive: '在线',
  silent: '无心跳',
  heartbeat: '最近心跳',
  ago: '{{time}} 前',
  running: '运行中的任务',
  slots: '槽位',
  each: '种类型',
  byType: '在线工作进程各任务类型的槽位',
};
