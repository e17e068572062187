/** What the page of approvals says in English. */
export const approvals = {
  heading: 'Approvals of data owners',
  about: 'Tasks that no policy of the owner of the data covers. They run once the owner has approved them.',
  none: 'No task waits for an approval.',
  party: 'Party',
  part: 'Part of',
  cover:
    'Or approve the whole at once, such as all runs of the schedule: this prints what would be covered, to read, change and sign.',
  why: 'Why it asks',
  asked: 'Asked',
  hash: 'Hash of the task',
  task: 'The exact task',
  approve: 'To approve',
  signed:
    'An approval is signed with the key of the party, which never comes into a browser. The owner looks at it with:',
  sign: 'And signs it with:',
  here: 'The owner of {{party}} has chosen to approve without a signature: you may do it here, in the name of {{party}}.',
  hereFor: 'The owner of {{party}} has chosen to approve without a signature: people of {{party}} do it on this page.',
  unsigned:
    'The server vouches for this approval instead of a key. It is noted in the audit log with your name, and other parties see that nobody signed it.',
  approveHere: 'Approve',
  approveTitle: 'Approve {{task}}',
  approveAbout:
    'This very task may use the data of {{party}}, once, within 30 days. Whatever is changed in the task needs another approval.',
  refuse: 'Refuse',
  refuseTitle: 'Refuse {{task}}',
  refuseAbout: 'The task fails, in the name of {{party}}. This counts for 30 days.',
  withdraw: 'Withdraw',
  withdrawTitle: 'Withdraw the approval of {{task}}',
  withdrawAbout:
    'What runs ends within 5 s, and only {{party}} can read the artifacts of the task from then on. Copies, the result in the chain and what later tasks made of it stay. To make it hold against the operator of the server, too, sign it: task-chain approvals withdraw',
  words: 'What the author of the chain reads',
};

/** What is said of approvals that count in English. */
export const approved = {
  heading: 'Approvals that have not ended',
  about:
    'Single tasks that owners approved. One whose runs are used up lets no further run begin. Withdraw one to end what runs.',
  none: 'There is no approval that has not ended.',
  more: 'Those of the first {{count}} parties. For the others, run: task-chain approvals ls --party <party>',
  by: 'Comes with',
  owner: 'a signature',
  server: 'the word of the server',
  runs: 'Runs',
  since: 'Since',
  action: 'Action',
};

/** What is said of what was opened of a dataset, and what is left, in English. */
export const account = {
  heading: 'Opened before, and left',
  noDataset: 'The task names no dataset of the party: what its files were made of stands in the ledger of each.',
  owners: 'Only people of the party and admins read what was opened of its data.',
  opened_one: 'Opened {{count}} time.',
  opened_other: 'Opened {{count}} times.',
  alike_one: '{{count}} time by {{type}}.',
  alike_other: '{{count}} times by {{type}}.',
  last: 'Last:',
  policy: 'Policy ends',
  noPolicy: 'There is no policy: each task asks.',
  noLimit: '{{opened}} opened; the policy sets no limit.',
  left: '{{left}} of {{limit}} left; {{opened}} opened.',
  made: 'columns that steps made',
  kinds: { bits: 'Bits of a column', sums: 'Sums of buckets', epsilon: 'Epsilon' },
  most: { bits: 'Most of: {{of}}.', sums: 'Most to: {{of}}.', epsilon: '{{of}}' },
};

/** What is said of wholes that owners approved in English. */
export const covers = {
  heading: 'Standing approvals',
  about: 'What owners approved in advance: tasks of these chains do not ask as long as they lie within it.',
  none: 'No owner has approved anything in advance.',
  more: 'Those of the first {{count}} parties. For the others, run: task-chain approvals covers <party>',
  expired: 'Expired',
  whole: 'Covers',
  schedules: 'all chains of the schedule',
  chains: 'the chain and all within it',
  until: 'Until',
  proposer: 'Proposed by',
  noParty: 'a key of no party',
  purpose: 'Stated purpose',
  task: '{{task}} ({{type}}): at most {{uses}} instances, turns or runs',
  varies: 'May vary',
  nothing: 'Nothing: each parameter is as below.',
  least: '{{min}} or more',
  most: '{{max}} or less',
  like: '{{like}}, where # is any number',
  each: 'a list, each of it: {{bounds}}',
  end: 'To end it by a signature, which holds against the operator, too:',
  withdraw: 'End it',
  withdrawTitle: 'End the approval {{name}}',
  withdrawAbout:
    'What runs by it ends within 5 s, and other tasks of the whole wait from then on. What it let be made can still be read: withdraw the approvals of those chains to close it.',
};

/** What is said of what asks a person in English. */
export const signOff = {
  heading: 'Sign-offs that ask you',
  none: 'No task asks you to sign it off.',
  asked: 'Asked',
  who: 'Who may answer',
  until: 'Until',
  others: 'You are not among those whom it asks.',
  answer: 'Answer',
  note: 'Note, kept with the answer',
  approve: 'Sign off',
  reject: 'Reject',
  help: 'Signed off, the task succeeds with your answer. Rejected, it fails with your note, which is needed then.',
};
