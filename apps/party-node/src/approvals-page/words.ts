import type { IncomingHttpHeaders } from 'node:http';
import type { Offer } from '../site-store.js';
import TYPES_ZH from './types-zh.json' with { type: 'json' };

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

const en = {
  lang: 'en',
  other: '中文',
  title: (site: string) => `Approvals of ${site}`,
  states: {
    WAITING: 'waits for you',
    ACCEPTED: 'accepted',
    REFUSED: 'refused',
    RUNNING: 'runs',
    PREPARED: 'is prepared: the control plane decides whether it counts',
    FAILED: 'failed',
    DONE: 'counts',
    ENDED: 'was withdrawn, or came to nothing',
  } satisfies Record<Offer['state'], string>,
  signIn: 'Sign in',
  signInText: 'Open the link that the command prints on this machine. Or put here what it has behind “once=”.',
  once: 'Code of the link',
  again: 'Run task-chain-node approvals serve again for another link.',
  wrongLink: 'This link is not known, was used, or is older than 60 seconds.',
  signedOut: 'You are not signed in here.',
  noPage: 'There is no such page.',
  noTask: 'No task with this hash was offered.',
  toList: 'All tasks',
  waiting: 'Waits for you',
  nothingWaits: 'No task waits for you.',
  others: 'Other runs',
  columns: ['Task', 'State', 'Run', 'Received'],
  noTaskHere: 'No task for this site',
  refresh: 'Look again',
  of: (parties: string) => `of ${parties}`,
  dealer: (name: string) => `, with the dealer ${name}`,
  hash: 'Hash of the task',
  where: 'Chain and task',
  leaves: 'What leaves each party',
  purpose: 'Purpose, as the task states it',
  noPurpose: 'none',
  parameters: 'Parameters',
  members: 'Who else takes part, by the keys that this site has written down',
  isDealer: ', the dealer',
  noKey: 'No key yet. Compare its fingerprint by telephone, then run here:',
  origins: 'What made the artifacts that it reads',
  notHere: 'nothing here (not yet, or at other sites alone)',
  judged: 'Its hash as your signed statements judge it',
  runs: 'Runs',
  run: 'Run',
  details: 'What came of it',
  decided: {
    accept: 'You have accepted it',
    acceptAgain: 'You have accepted it, and every later run of exactly this task',
    refuse: 'You have refused it',
  },
  reasonWas: 'Reason',
  decide: 'Decide',
  decideText:
    'An accept is for this hash, and for what made what it reads. It counts for 7 days. The control plane hears it while connect runs.',
  accept: (runs: number) => (runs === 1 ? 'Accept the run that waits' : `Accept the ${runs} runs that wait`),
  acceptAgainText:
    'Or accept every run of exactly this task for 7 days, these and all later ones: as many as the control plane starts, on your tables as they are then. Nobody here is asked again. A refusal takes it back.',
  acceptAgainBox: 'I accept runs that nobody here will look at.',
  most: 'Of all these together, so many at most (any number if empty)',
  acceptAgain: 'Accept every later run too',
  standing: 'Accepted for every later run',
  until: (ends: string, left?: number) => (left === undefined ? ends : `${ends}, ${left} more at most`),
  standingUntil: (ends: string) => `Accepted for every later run until ${ends}.`,
  standingGone: 'The task is not offered now. If it is offered again, it runs without asking.',
  standingColumns: ['Task', 'Until'],
  refuse: 'Refuse',
  refuseText: 'A refusal takes back an accept, and stops a run until that is prepared.',
  reason: 'Reason, which those read who run the task',
  nothingOpen: 'No run of this task waits or runs.',
  fault: 'Nothing was decided',
};
type Words = typeof en;

const zh: Words = {
  lang: 'zh-CN',
  other: 'English',
  title: (site) => `${site} 的批准`,
  states: {
    WAITING: '等待您决定',
    ACCEPTED: '已接受',
    REFUSED: '已拒绝',
    RUNNING: '运行中',
    PREPARED: '已准备好：由控制面决定是否算数',
    FAILED: '失败',
    DONE: '算数',
    ENDED: '已撤回，或没有结果',
  },
  signIn: '登录',
  signInText: '请在本机打开命令打印的链接。也可以在此填入链接中“once=”之后的内容。',
  once: '链接中的代码',
  again: '要得到新的链接，请重新运行 task-chain-node approvals serve。',
  wrongLink: '此链接未知、已用过，或已超过 60 秒。',
  signedOut: '您没有在此登录。',
  noPage: '没有这个页面。',
  noTask: '没有提供过此哈希的任务。',
  toList: '所有任务',
  waiting: '等待您决定',
  nothingWaits: '没有任务等待您决定。',
  others: '其他运行',
  columns: ['任务', '状态', '运行', '收到时间'],
  noTaskHere: '不是本站点的任务',
  refresh: '重新查看',
  of: (parties) => `参与方：${parties}`,
  dealer: (name) => `，发牌者：${name}`,
  hash: '任务的哈希',
  where: '任务链和任务',
  leaves: '离开各参与方的内容',
  purpose: '任务所写的用途',
  noPurpose: '没有',
  parameters: '参数',
  members: '其他参与站点，以及本站点记下的密钥',
  isDealer: '（发牌者）',
  noKey: '尚无密钥。请通过电话核对其指纹，然后在此运行：',
  origins: '所读的产物由什么生成',
  notHere: '这里没有（尚未生成，或只在其他站点）',
  judged: '您签名的声明所判断的哈希',
  runs: '运行',
  run: '运行',
  details: '结果',
  decided: {
    accept: '您已接受',
    acceptAgain: '您已接受，今后同一任务的每次运行也接受',
    refuse: '您已拒绝',
  },
  reasonWas: '理由',
  decide: '决定',
  decideText: '接受只针对此哈希，以及生成其输入的那些任务。有效期 7 天。connect 运行时，控制面会得知。',
  accept: (runs) => `接受正在等待的 ${runs} 次运行`,
  acceptAgainText:
    '或者在 7 天内接受此任务的每次运行，包括这些和今后的：控制面启动多少次就运行多少次，使用您的表在那时的内容，不再询问这里的人。拒绝可以撤回它。',
  acceptAgainBox: '我接受这里没有人查看的运行。',
  most: '以上合计至多几次运行（留空则不限）',
  acceptAgain: '今后的每次运行也接受',
  standing: '今后的每次运行都已接受',
  until: (ends, left) => (left === undefined ? ends : `${ends}，至多还有 ${left} 次`),
  standingUntil: (ends) => `今后的每次运行都已接受，到 ${ends} 为止。`,
  standingGone: '现在没有提供此任务。若再次提供，它会不经询问就运行。',
  standingColumns: ['任务', '到期时间'],
  refuse: '拒绝',
  refuseText: '拒绝可以撤回接受，也可以停止正在进行的运行，直到该运行已准备好。',
  reason: '理由，供运行任务的人阅读',
  nothingOpen: '此任务没有等待或进行中的运行。',
  fault: '没有作出决定',
};

/** The texts of the page. */
export const wordsOf = (language: Language): Words => (language === 'zh' ? zh : en);

/** A title or what leaves of a type, in a language. */
export function typeText(text: string, language: Language): string {
  const chinese: Readonly<Record<string, string>> = TYPES_ZH;
  return (language === 'zh' ? chinese[text] : undefined) ?? text;
}

/** The first language of a browser that there is. */
export function languageOf({ 'accept-language': accepted = '' }: IncomingHttpHeaders): Language {
  const first = accepted
    .split(',')
    .map((each) => each.trim().slice(0, 2).toLowerCase())
    .find((each) => (LANGUAGES as readonly string[]).includes(each));
  return first === 'zh' ? 'zh' : 'en';
}
