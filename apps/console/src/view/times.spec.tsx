/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { cleanup, render } from '@testing-library/react';
import '../i18n.js';
import { exactTime, Time } from './times.js';

afterEach(cleanup);

test('a time that no calendar has is shown as it was written, and breaks no page', () => {
  // People write times into statements, and others look at them.
  const none = '2026-99-99T00:00:00Z';
  expect(render(<Time at={none} />).container.textContent).toBe(none);
  expect(exactTime(none)).toBe(none);
});
