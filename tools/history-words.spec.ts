import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { ChainEvent } from '#libs/chain-domain';
import { ROOT } from './steps.js';

/** All that is recorded of chains: events, what creates a chain, and its end. The compiler finds what lacks. */
const KINDS: Readonly<Record<ChainEvent['kind'] | 'ChainCreated' | 'ChainCreatedAndStarted' | 'ChainFinished', true>> =
  {
    ...{ ChainCreated: true, ChainCreatedAndStarted: true, ChainFinished: true, ExecuteChain: true, CancelChain: true },
    ...{ PauseChain: true, ResumeChain: true, RetryChain: true, SkipTask: true, ResolveTask: true, SetPriority: true },
    ...{ ChainTimedOut: true, DecideApproval: true, AnswerSignOff: true, ApprovalTimedOut: true, HoldTimedOut: true },
    ...{ RepairChain: true, TaskStarted: true, TaskSucceeded: true, TaskFailed: true, TaskLost: true },
    ...{ TaskQueueTimedOut: true, TaskHeld: true, TaskTurned: true, TaskConditionFalse: true },
  };

test.each(['en', 'zh'])('the history of a chain has words for each kind of event in %s', (language) => {
  const text = readFileSync(join(ROOT, `apps/console/src/words/history-${language}.ts`), 'utf8');
  const kinds = /^ {2}kinds: \{\n([^]*?)^ {2}\}/m.exec(text)![1]!;
  const named = [...kinds.matchAll(/^ {4}(\w+): '.+',$/gm)].map(([, kind]) => kind!);
  expect(named.sort()).toEqual(Object.keys(KINDS).sort());
});
