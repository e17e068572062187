import { defineTask } from '../contract/define-task.js';
import { TaskFailure } from '../contract/task-type.js';
import { checkComponent } from './check-component.js';
import { componentSchema } from './component-config.js';

/** A component of SecretFlow by its id. The engine `secretflow` alone runs it. */
export const component = defineTask({
  type: 'component',
  title: 'Component of SecretFlow',
  description:
    'Runs one of the components of SecretFlow 1.13 between two parties, or within one, on the engine secretflow. It takes the named columns of tables, or what an earlier component left, and keeps what comes out with each party.',
  configSchema: componentSchema as never,
  leaves:
    'It depends on the component: what each of those that were reviewed opens, and to whom, stands beside its id. One that nobody has reviewed may open all that goes into it.',
  needsParties: true,
  onlyOn: 'secretflow',
  approximate: true,
  check: checkComponent as never,
  load: async () => () =>
    Promise.reject(new TaskFailure('ENGINE_NOT_READY', 'Only the engine secretflow runs components of SecretFlow.')),
});
