import type { LiveTask } from '#client';

/** Whether the id, the name or the type of a task has this text in it, in whichever case. */
export const fits = ({ task_id, task_name, task_type }: LiveTask, text: string): boolean =>
  `${task_id} ${task_name} ${task_type}`.toLowerCase().includes(text.toLowerCase());
