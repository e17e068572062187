import { TestEnvironment } from 'jest-environment-node';

/** Node as Jest gives it to a spec file, whose tests are skipped once one has failed. */
export default class FirstFailure extends TestEnvironment {
  private failed = false;

  handleTestEvent(event: { readonly name: string; readonly test?: { mode?: string | null } }): void {
    if (event.name === 'test_fn_failure' || event.name === 'hook_failure') this.failed = true;
    if (event.name === 'test_start' && this.failed) event.test!.mode = 'skip';
  }
}
