import type { PartyProgram } from '../party/party-program.js';
import { TaskFailure, type Json, type JsonObject } from '../contract/task-type.js';
import { headlineOf } from './headline.js';
import { renderPage } from './page.js';
import type { ReportConfig } from './report-config.js';
import { allSections } from './sections.js';
import { wordsOf } from './words.js';

/** Arguments of the rendering process. */
export interface ReportArgs {
  readonly config: ReportConfig;
  /** Task ids and results, in the order in which the task names its parents. */
  readonly inputs: readonly (readonly [taskId: string, result: Json])[];
}

/**
 * Renders report.html and report.json. The same inputs give the same bytes: nothing of the clock or of this process goes
 * in. Throws TaskFailure NO_REPORT_INPUT where there is nothing to show.
 */
export const run: PartyProgram<ReportArgs, JsonObject> = async (context, { config, inputs }) => {
  const language = config.language ?? 'en';
  const words = wordsOf(language);
  const all = allSections(inputs, words);
  const sections = config.sections
    ? config.sections.flatMap((kind) => all.filter((section) => section.kind === kind))
    : all;
  if (sections.length === 0) {
    throw new TaskFailure(
      'NO_REPORT_INPUT',
      inputs.length === 0
        ? 'A report needs results: let it depend on the tasks that it should show.'
        : 'None of the results that the report depends on belongs to a section of task_config.sections.',
    );
  }
  context.progress(0.1, 'drawing');
  const title = config.title ?? words.report;
  const headline = headlineOf(inputs.map(([, result]) => result));
  const page = renderPage({ title, language, headline, sections }, words, (fraction) =>
    context.progress(0.1 + 0.8 * fraction, 'drawing'),
  );

  const html = await context.createOutput({ name: 'report.html', mediaType: 'text/html; charset=utf-8' });
  await html.write(page);
  await html.finish();
  const json = await context.createOutput({ name: 'report.json', mediaType: 'application/json' });
  await json.write(
    `${JSON.stringify({ format: 'taskchain/report/v1', title, language, headline, sections }, null, 2)}\n`,
  );
  await json.finish();
  const listed = sections
    .slice(0, 100)
    .map(({ taskId, kind, title: name }) => ({ task_id: taskId, kind, title: name }));
  context.progress(1, 'done');
  return { report_html: html.reference, report_json: json.reference, sections: listed, ...headline };
};
