import { writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { isObject, readDependencies } from '#libs/chain-domain';
import { toDot, toMermaid, toSvg, type Graph } from '#libs/chain-view';
import { plan } from '#libs/dag-planner';
import { readChainFile } from '../chain-file.js';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { checkOffline, criticalPath } from '../offline.js';
import type { Act, Session } from '../session.js';

interface GraphFlags {
  readonly mermaid?: true;
  readonly dot?: true;
  readonly svg?: true;
  readonly out?: string;
}

const CHAIN_ID = /^chain-[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** graph. */
export function addGraphCommand(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const others = ['mermaid', 'dot', 'svg'];
  const form = (name: string, description: string) =>
    new Option(`--${name}`, description).conflicts(others.filter((other) => other !== name));
  program
    .command('graph')
    .description(say('draw a chain: of the server, with states, or of a file'))
    .argument('<chain-or-file>', say('id of a chain, or a file; - is standard input'))
    .addOption(form('mermaid', say('as Mermaid, the default')))
    .addOption(form('dot', say('as Graphviz DOT')))
    .addOption(form('svg', say('as a picture, laid out by levels')))
    .option('-O, --out <file>', say('write it to this file'))
    .action(
      act(async (source: string, flags: GraphFlags) => {
        const graph = CHAIN_ID.test(source)
          ? await session.client.getChainGraph({ path: { chain_id: source } }).then((answer) => answer as Graph)
          : await graphOfFile(source, session);
        const drawn = flags.dot || flags.svg || flags.mermaid || session.forPeople;
        if (!drawn) return session.answer(graph, () => []);
        const picture = flags.dot ? toDot(graph) : flags.svg ? toSvg(graph) : toMermaid(graph);
        if (flags.out === undefined) session.shell.stdout.write(picture);
        else writeFileSync(flags.out, picture);
      }),
    );
}

/** The graph of a chain that is only planned; a file with faults has none. */
async function graphOfFile(path: string, { shell, say }: Session): Promise<Graph> {
  const file = await readChainFile(path, shell, say);
  const tasks = isObject(file.value) && Array.isArray(file.value['tasks']) ? (file.value['tasks'] as unknown[]) : [];
  const nodes = readDependencies(tasks);
  const planned = plan(nodes);
  if (!planned.ok) {
    const { errors } = await checkOffline(file.value);
    throw new Failure(EXIT.INVALID, say('The chain is not valid.'), { file: file.name, faults: file.place(errors) });
  }
  const word = (task: unknown, key: string): string | undefined => {
    const value = isObject(task) ? task[key] : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  return {
    nodes: nodes.map(({ id }, i) => ({
      task_id: id,
      task_name: word(tasks[i], 'task_name') ?? id,
      task_type: word(tasks[i], 'task_type') ?? '?',
      level: planned.plan.level[i]!,
    })),
    edges: nodes.flatMap(({ id, dependsOn }) => dependsOn.map((from) => ({ from, to: id }))),
    critical_path: criticalPath(planned.plan, nodes),
  };
}
