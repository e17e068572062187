import { describe, expect, it } from '@jest/globals';
import { DEFAULT_SETTINGS, settingsOf, wireSettings } from './task-settings.js';

describe('the settings of a task', () => {
  it('come from a body or row, with defaults for what it leaves out', () => {
    expect(settingsOf({})).toEqual(DEFAULT_SETTINGS);
    expect(settingsOf({ tolerable: true })).toEqual({ ...DEFAULT_SETTINGS, tolerable: true });
    expect(settingsOf(Object.assign({ task_id: 'a' }, { tolerable: true }))).not.toHaveProperty('task_id');
  });

  it('keep their values on the way to the wire and back', () => {
    const settings = { ...DEFAULT_SETTINGS, tolerable: true };
    expect(settingsOf(wireSettings(settings))).toEqual(settings);
  });
});
