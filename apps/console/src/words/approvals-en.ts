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
  hash: 'Hash of the task',
  task: 'The exact task',
  approve: 'To approve',
  signed:
    'An approval is signed with the key of the party, which never comes into a browser. The owner looks and signs with:',
  refuse: 'Refuse',
  refuseTitle: 'Refuse {{task}}',
  refusing: 'The task fails, in the name of {{party}}. This counts for 30 days.',
  words: 'What the author of the chain reads',
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
  end: 'To end it:',
};

/** What is said of what asks a person in English. */
export const signOff = {
  heading: 'Sign-offs that ask you',
  none: 'No task asks you to sign it off.',
  who: 'Who may answer',
  until: 'Until',
  others: 'You are not among those whom it asks.',
  answer: 'Answer',
  note: 'Note, kept with the answer',
  approve: 'Sign off',
  reject: 'Reject',
  help: 'Signed off, the task succeeds with your answer. Rejected, it fails with your note, which is needed then.',
};
