/** @jest-environment jsdom */
import { expect, test } from '@jest/globals';
import { fireEvent, render, screen } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import type { ChainSummaryDto } from '#client';
import '../i18n.js';
import { ChainFacts } from './chain-facts.js';

const CHAIN = {
  ...{ chain_id: 'chain-1', chain_type: 'sequential', status: 'RUNNING', progress: 50, epoch: 1, labels: {} },
  ...{ completed_tasks: 1, total_tasks: 2, created_by: 'key:k', description: null, template_id: null },
  ...{ started_at: '2026-01-01T00:00:00Z', completed_at: null, deadline_at: null, scheduled_at: null, ended_by: null },
  ...{ compensates: null, compensated_by: null, parent_chain_id: null, parent_task_id: null },
} as unknown as ChainSummaryDto;

function facts(more: Partial<ChainSummaryDto>, open = (_: string) => {}) {
  const { container, unmount } = render(
    <MemoryRouter>
      <ChainFacts of={{ ...CHAIN, ...more }} open={open} />
    </MemoryRouter>,
  );
  return {
    names: [...container.querySelectorAll('dt')].map((name) => name.textContent),
    times: [...container.querySelectorAll('time')].map((time) => time.dateTime),
    unmount,
  };
}

test('says when a chain was due and when it times out, for as long as it can', () => {
  const at = { scheduled_at: '2026-01-01T00:00:00Z', deadline_at: '2999-01-01T00:00:00Z' };
  const running = facts(at);
  expect(running.names).toEqual(['Type', 'Created by', 'Started', 'Duration', 'Due at', 'Times out', 'Run', 'Id']);
  expect(running.times).toEqual([CHAIN.started_at, at.scheduled_at, at.deadline_at]);
  running.unmount();
  const ended = facts({ ...at, completed_at: '2026-01-01T00:00:01Z' });
  expect(ended.names).not.toContain('Times out');
  ended.unmount();
});

test('leads to the task that ended a chain early, and to the one of another chain that runs it', () => {
  const opened: string[] = [];
  facts({ ended_by: 'few', parent_chain_id: 'chain-0', parent_task_id: 'a/b' }, (task) => opened.push(task));
  fireEvent.click(screen.getByRole('button', { name: 'few' }));
  expect(opened).toEqual(['few']);
  expect(screen.getByRole('link').getAttribute('href')).toBe('/chains/chain-0?task=a%2Fb');
});
