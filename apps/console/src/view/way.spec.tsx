import { expect, test } from '@jest/globals';
import { pathOf } from './way.js';

test('the path of a way has round corners, and half as long ones where points are close', () => {
  const way = [
    { x: 0, y: 0 },
    { x: 20, y: 0 },
    { x: 20, y: 8 },
    { x: 90, y: 8 },
  ];
  expect(pathOf(way)).toBe('M0 0L12 0Q20 0 20 4L20 4Q20 8 28 8L90 8');
});
