import { isAbsolute } from 'node:path';
import type { Command } from 'commander';
import type { NodeFolder } from './node-folder.js';
import { Refusal } from './refusal.js';
import { withStore } from './site-store.js';

/** engine set and rm. */
export function addEngineCommands(
  program: Command,
  withFolder: (command: Command) => Command,
  folderOf: (command: Command) => NodeFolder,
): void {
  const engine = program.command('engine').description('what runs tasks of the engine secretflow at this site');
  const keep = async (folder: NodeFolder, python: string | undefined): Promise<void> => {
    const { secretflow_python: _, ...file } = await folder.read();
    const set: Record<string, string> = python === undefined ? {} : { secretflow_python: python };
    await withStore(folder.path, (store) => store.note(python === undefined ? 'engine removed' : 'engine set', set));
    await folder.write({ ...file, ...set });
  };
  withFolder(engine.command('set <python>'))
    .description('the Python of an environment with SPU, as "npm run engine:secretflow" prints it')
    .action(async (python: string, _: unknown, command: Command) => {
      if (!isAbsolute(python)) throw new Refusal('Give the whole path of the Python.');
      await keep(folderOf(command), python);
    });
  withFolder(engine.command('rm'))
    .description('run no such tasks any more')
    .action((_: unknown, command: Command) => keep(folderOf(command), undefined));
}
