import { join } from 'node:path';
import type { Command } from 'commander';
import { openedOf, readOwnedFolder, type OwnedFolder } from '#libs/compute';
import { budgetsLeft, type BudgetLeft } from '#libs/consent';
import { NodeFolder } from './node-folder.js';
import { Refusal } from './refusal.js';
import { plain, type Terminal } from './terminal.js';

/** datasets ls and show, ledger ls and show: what the party's process at this site goes by, whatever a control plane says. */
export function addCatalogueCommands(
  program: Command,
  withFolder: (command: Command) => Command,
  { out }: Pick<Terminal, 'out'>,
): void {
  const datasets = program
    .command('datasets')
    .description('the datasets that the owner has signed, as this site counts them');
  withFolder(datasets.command('ls'))
    .description('list them: rows, columns, until when the policy allows anything, file')
    .action(async ({ folder }: { folder: string }) => {
      const owned = await ownedBy(folder);
      for (const { name, version, rows, columns, file, removed } of byName(owned.datasets)) {
        const policy = owned.policies.find(({ dataset }) => dataset === name);
        const until = policy ? `policy until ${policy.expires_at}` : 'no policy: each task asks';
        const state = removed === true ? '  removed' : '';
        out(`${name}@${version}  ${rows} rows  ${columns.length} columns  ${until}  ${plain(file)}${state}\n`);
      }
    });
  withFolder(datasets.command('show <name>'))
    .description('show the versions of a dataset and its policy, as JSON')
    .action(async (name: string, { folder }: { folder: string }) => {
      const owned = await ownedBy(folder);
      const versions = requireKnown(
        byName(owned.datasets).filter((each) => each.name === name),
        name,
      );
      const policy = owned.policies.find(({ dataset }) => dataset === name) ?? null;
      out(`${JSON.stringify({ versions, policy }, null, 2)}\n`);
    });

  const ledger = program
    .command('ledger')
    .description('what was opened of the datasets at this site, and what is left');
  withFolder(ledger.command('ls'))
    .description('list the datasets: how often something was opened, and what of each budget is left')
    .action(async ({ folder }: { folder: string }) => {
      const owned = await ownedBy(folder);
      const names = [...owned.datasets.map(({ name }) => name), ...owned.openings.flatMap((each) => each.datasets)];
      for (const name of [...new Set(names)].sort()) {
        const openings = owned.openings.filter((each) => each.datasets.includes(name));
        const budget = owned.policies.find(({ dataset }) => dataset === name)?.budget;
        const left = budgetsLeft(openedOf(openings, name), budget).map(wordsOf);
        out(`${plain(name)}  opened ${openings.length} times  ${left.join('  ')}\n`);
      }
    });
  withFolder(ledger.command('show <dataset>'))
    .description('list what was opened of a dataset, the oldest first, a line of JSON each')
    .action(async (name: string, { folder }: { folder: string }) => {
      const owned = await ownedBy(folder);
      const openings = owned.openings.filter((each) => each.datasets.includes(name));
      if (openings.length === 0)
        requireKnown(
          owned.datasets.filter((each) => each.name === name),
          name,
        );
      for (const { at, task, type, to, versions, figures, bits, counts, epsilon } of openings)
        out(`${JSON.stringify({ at, task, type, to, versions, figures, bits, counts, epsilon })}\n`);
    });
}

async function ownedBy(path: string): Promise<OwnedFolder> {
  const folder = new NodeFolder(path);
  const { name, dealer } = await folder.read();
  if (dealer) throw new Refusal('The site of a dealer has no datasets.');
  const root = join(folder.dataRoot, name);
  const owned = await readOwnedFolder(name, root, await folder.statements());
  if (!owned)
    throw new Refusal(`Nobody has claimed ${root}: a person who accepts a task decides, and nothing is counted.`);
  return owned;
}

const byName = (all: OwnedFolder['datasets']): OwnedFolder['datasets'] =>
  [...all].sort((a, b) => (a.name === b.name ? a.version - b.version : a.name < b.name ? -1 : 1));

function requireKnown<T>(found: readonly T[], name: string): readonly T[] {
  if (found.length === 0) throw new Refusal(`The owner has signed no dataset ${name}. See: datasets ls`);
  return found;
}

function wordsOf({ kind, limit, opened, of, left }: BudgetLeft): string {
  const most = of === null ? '' : ` (${plain(of)})`;
  return `${kind} ${opened}${most} of ${limit ?? 'any'}${left === null ? '' : `, ${left} left`}`;
}
