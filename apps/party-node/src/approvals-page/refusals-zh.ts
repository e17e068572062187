/** The refusals that the page shows, as the commands say them in English, and what the page says in Chinese. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/^What the task reads was made anew meanwhile: look at it again\.$/, '任务所读的内容已重新生成：请再次查看。'],
  [/^No run of this task that you were shown waits for you\.$/, '您看到的此任务的运行都不再等待您决定。'],
  [
    /^This site has no key of the (?:dealer|party) (\S+)\. Compare its fingerprint by telephone, then: (.+)\. The task waits for you meanwhile\.$/,
    '本站点没有 $1 的密钥。请通过电话核对其指纹，然后运行：$2。任务会等待您。',
  ],
  [/^No run of this task waits for you\.$/, '此任务没有运行等待您决定。'],
  [
    /^To accept every later run, tick the box that says what that means\.$/,
    '要接受今后的每次运行，请勾选说明其含义的方框。',
  ],
  [
    /^A number of runs is 1 to (\S+), and goes with an accept of later runs\.$/,
    '运行次数为 1 到 $1，只用于接受今后的运行。',
  ],
  [/^--reason takes 500 characters at most\.$/, '理由最多 500 个字符。'],
  [
    /^The task (\S+) is not offered now\. Every later run of it is accepted until (\S+)\. To take that back: .*$/,
    '现在没有提供任务 $1。今后的每次运行都已接受，到 $2 为止；拒绝可以撤回它。',
  ],
  [/^No task with the hash (\S+) was offered\. See: approvals ls$/, '没有提供过哈希为 $1 的任务。'],
  [
    /^The task reads (.+), which does not lie here, or not yet\. Try again once it does\.$/s,
    '任务所读的 $1 不在这里，或尚未生成。请在它生成之后再试。',
  ],
  [
    /^The task reads (.+), which was not left by a run that ended here: run (.+) again\.$/s,
    '任务所读的 $1 不是在此结束的运行留下的：请重新运行 $2。',
  ],
];

/** A refusal in Chinese; in English where the page has no words for it, such as of a damaged disk. */
export function refusalZh(message: string): string {
  const found = REFUSALS.find(([pattern]) => pattern.test(message));
  return found ? message.replace(found[0], found[1]) : message;
}
