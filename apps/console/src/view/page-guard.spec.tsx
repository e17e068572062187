/** @jest-environment jsdom */
import { afterEach, expect, jest, test } from '@jest/globals';
import { cleanup, render, screen } from '@testing-library/react';
import '../i18n.js';
import { PageGuard } from './page-guard.js';

afterEach(cleanup);

test('a page that breaks says so in its place, and the next one is drawn', () => {
  const said = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const Breaks = (): never => {
    throw new RangeError('Invalid time value');
  };
  const page = (path: string) => (
    <>
      <nav>all pages</nav>
      <PageGuard at={path}>{path === '/broken' ? <Breaks /> : <p>fine</p>}</PageGuard>
    </>
  );
  const { rerender } = render(page('/broken'));
  screen.getByText('all pages');
  expect(screen.getByRole('alert').textContent).toContain('Invalid time value');
  expect(screen.getByText('Load again')).toBeTruthy();
  rerender(page('/other'));
  screen.getByText('fine');
  said.mockRestore();
});
