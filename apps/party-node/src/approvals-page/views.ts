import { isOpen, isRefusable, type ShownRun, type ShownTask, type Standing } from '../approvals.js';
import { addingOf, type Member } from '../members.js';
import type { Offer } from '../site-store.js';
import { leavesOf, type SharedTask } from '../task-file.js';
import { html, type Html } from './html.js';
import { refusalZh } from './refusals-zh.js';
import type { Session } from './session.js';
import { typeText, wordsOf, type Language } from './words.js';

/** Whose page it is, and how it is read. */
export interface Place {
  readonly language: Language;
  readonly session: Session;
  /** The name of the site. */
  readonly site: string;
}

/** Runs that do not wait, and are shown. */
const MOST_OTHERS = 100;

/** Where nobody is signed in. */
export function signInView(language: Language): Html {
  const words = wordsOf(language);
  const other = language === 'zh' ? 'en' : 'zh';
  const main = html`<p>${words.signInText}</p>
    <form method="post" action="/session" id="sign-in">
      <input type="hidden" name="language" value="${language}" />
      <label>${words.once} <input name="once" autocomplete="off" required /></label>
      <button>${words.signIn}</button>
    </form>`;
  return shell(language, words.signIn, `/?language=${other}`, main, html`<script src="/sign-in.js" defer></script>`);
}

/** A sentence in the place of a page. */
export function messageView(language: Language, which: 'wrongLink' | 'signedOut' | 'noPage' | 'noTask'): Html {
  const words = wordsOf(language);
  const more = which === 'noTask' || which === 'noPage' ? undefined : html`<p>${words.again}</p>`;
  return shell(language, words[which], undefined, html`${more}`);
}

type Listed = Offer & { readonly read?: SharedTask | undefined };

/** All runs that were offered: those that wait first, then what runs without asking, then the newest. */
export function listView({ language, session, site }: Place, all: readonly Listed[], later: readonly Standing[]): Html {
  const words = wordsOf(language);
  const waiting = all.filter(({ state }) => state === 'WAITING');
  const others = all.filter(({ state }) => state !== 'WAITING').reverse();
  const main = html`<p><a href="./">${words.refresh}</a></p>
    <h2>${words.waiting}</h2>
    ${waiting.length === 0 ? html`<p>${words.nothingWaits}</p>` : tableOf(waiting, language)}
    ${
      later.length > 0 &&
      html`<h2>${words.standing}</h2>
        ${standingTable(later, language)}`
    }
    ${
      others.length > 0 &&
      html`<h2>${words.others}</h2>
        ${tableOf(others.slice(0, MOST_OTHERS), language)}`
    }`;
  return shell(language, words.title(site), otherOf(session, language, ''), main);
}

function tableOf(offers: readonly Listed[], language: Language): Html {
  const words = wordsOf(language);
  const rows = offers.map(({ hash, read, state, run, received }) => {
    const link = read && hash !== undefined && html`<a href="tasks/${hash.slice(7)}">${titleOf(read, language)}</a>`;
    const id = hash !== undefined && html`<br /><code>${hash}</code>`;
    return html`<tr>
      <td>${link || words.noTaskHere}${id}</td>
      <td>${words.states[state]}</td>
      <td><code>${run}</code></td>
      <td>${received}</td>
    </tr>`;
  });
  return tableWith(words.columns, rows, words.runs);
}

function standingTable(later: readonly Standing[], language: Language): Html {
  const words = wordsOf(language);
  const rows = later.map(
    ({ hash, maker, ends, left }) =>
      html`<tr>
        <td><a href="tasks/${hash.slice(7)}">${maker ?? hash}</a><br /><code>${hash}</code></td>
        <td>${words.until(ends, left)}</td>
      </tr>`,
  );
  return tableWith(words.standingColumns, rows, words.standing);
}

function tableWith(columns: readonly string[], rows: readonly Html[], label: string): Html {
  const heads = columns.map((each) => html`<th scope="col">${each}</th>`);
  return html`<div class="wide" tabindex="0" role="group" aria-label="${label}">
    <table>
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** What a task would do, what came of its runs, and the forms that decide on it. */
export function taskView(
  place: Place,
  { task, origins, runs, standing }: ShownTask,
  members: readonly Member[],
  fault?: string,
): Html {
  const { language, session } = place;
  const words = wordsOf(language);
  const { statement, dealer, hash } = task;
  const parties = words.of(task.parties.join(', ')) + (dealer === undefined ? '' : words.dealer(dealer));
  const makers = origins.makers.map(
    ({ maker, made }) =>
      html`<dt>${maker}</dt>
        <dd><code>${made ?? words.notHere}</code></dd>`,
  );
  const main = html`<p><a href="../">${words.toList}</a></p>
    ${faultOf(fault, language)}
    <p>${parties}</p>
    <dl>
      <dt>${words.hash}</dt>
      <dd><code>${hash}</code></dd>
      <dt>${words.where}</dt>
      <dd><code>${statement.chain_id}/${statement.task_id}</code></dd>
      <dt>${words.leaves}</dt>
      <dd>${typeText(leavesOf(task), language)}</dd>
      <dt>${words.purpose}</dt>
      <dd>${statement.purpose === undefined ? words.noPurpose : JSON.stringify(statement.purpose)}</dd>
    </dl>
    <h2>${words.parameters}</h2>
    ${preOf(task.params, words.parameters)}
    ${
      members.length > 0 &&
      html`<h2>${words.members}</h2>
        ${membersList(members, language)}`
    }
    ${
      makers.length > 0 &&
      html`<h2>${words.origins}</h2>
        <dl>
          ${makers}
          <dt>${words.judged}</dt>
          <dd><code>${origins.judged}</code></dd>
        </dl>`
    }
    <h2>${words.decide}</h2>
    ${standing && html`<p>${words.standingUntil(words.until(standing.ends, standing.left))}</p>`}
    ${formsOf(place, runs, origins.judged, standing)}
    <h2>${words.runs}</h2>
    ${runs.map((run) => runOf(run, language))}`;
  return shell(language, titleOf(task, language), otherOf(session, language, `tasks/${hash.slice(7)}`), main);
}

function membersList(members: readonly Member[], language: Language): Html {
  const words = wordsOf(language);
  const rows = members.map(
    (member) =>
      html`<dt>${member.name}${member.isDealer && words.isDealer}</dt>
        <dd>
          ${
            member.fingerprint === undefined
              ? html`${words.noKey} <code>${addingOf(member)}</code>`
              : html`<code>${member.fingerprint}</code>`
          }
        </dd>`,
  );
  return html`<dl>${rows}</dl>`;
}

/** A task that is offered no longer, and would run without asking if it were. */
export function standingView(place: Place, { hash, maker, ends, left }: Standing, fault?: string): Html {
  const { language, session } = place;
  const words = wordsOf(language);
  const main = html`<p><a href="../">${words.toList}</a></p>
    ${faultOf(fault, language)}
    <p>${words.standingUntil(words.until(ends, left))} ${words.standingGone}</p>
    <dl>
      <dt>${words.hash}</dt>
      <dd><code>${hash}</code></dd>
    </dl>
    ${refuseForm(place)}`;
  return shell(language, maker ?? words.standing, otherOf(session, language, `tasks/${hash.slice(7)}`), main);
}

const faultOf = (fault: string | undefined, language: Language): Html | false =>
  fault !== undefined &&
  html`<div role="alert">
    <strong>${wordsOf(language).fault}</strong>
    <p>${language === 'zh' ? refusalZh(fault) : fault}</p>
  </div>`;

function formsOf(place: Place, runs: readonly ShownRun[], judged: string, standing: Standing | undefined): Html {
  const open = runs.filter(isOpen);
  if (!standing && !runs.some(isRefusable)) return html`<p>${wordsOf(place.language).nothingOpen}</p>`;
  return html`${open.length > 0 && acceptForms(place, open, judged)} ${refuseForm(place)}`;
}

/** Both are for the runs that are shown, and for the inputs that are. */
function acceptForms({ language, session }: Place, open: readonly ShownRun[], judged: string): Html {
  const words = wordsOf(language);
  const shown = html`<input type="hidden" name="form" value="${session.form}" />
    <input type="hidden" name="judged" value="${judged}" />
    <input type="hidden" name="seen" value="${open.map(({ run }) => run).join(' ')}" />`;
  return html`<form method="post">
      ${shown}
      <p>${words.decideText}</p>
      <button name="decision" value="accept">${words.accept(open.length)}</button>
    </form>
    <form method="post">
      ${shown}
      <p>${words.acceptAgainText}</p>
      <label><input type="checkbox" name="later" value="yes" required />${words.acceptAgainBox}</label>
      <label>${words.most} <input name="most" type="number" min="1" max="1000" autocomplete="off" /></label>
      <button name="decision" value="accept-again">${words.acceptAgain}</button>
    </form>`;
}

function refuseForm({ language, session }: Place): Html {
  const words = wordsOf(language);
  return html`<form method="post">
    <input type="hidden" name="form" value="${session.form}" />
    <p>${words.refuseText}</p>
    <label>${words.reason} <input name="reason" maxlength="500" autocomplete="off" /></label>
    <button name="decision" value="refuse">${words.refuse}</button>
  </form>`;
}

function runOf({ run, state, received, decision, answer, outcome }: ShownRun, language: Language): Html {
  const words = wordsOf(language);
  const { accept, acceptAgain, refuse } = words.decided;
  const decided = decision && (decision.decision === 'refuse' ? refuse : decision.again ? acceptAgain : accept);
  return html`<section>
    <h3>${words.run} <code>${run}</code></h3>
    <p>${words.states[state]} · ${received}</p>
    ${decision && html`<p>${decided} · ${decision.at}</p>`}
    ${decision?.reason !== undefined && html`<p>${words.reasonWas}: ${JSON.stringify(decision.reason)}</p>`}
    ${
      (answer ?? outcome) &&
      html`<h4>${words.details}</h4>
        ${preOf({ answer, outcome }, `${words.details} ${run}`)}`
    }
  </section>`;
}

const preOf = (value: object, label: string): Html =>
  html`<pre dir="ltr" tabindex="0" role="group" aria-label="${label}">${JSON.stringify(value, null, 2)}</pre>`;

const titleOf = ({ type, parties }: SharedTask, language: Language): string =>
  `${typeText(type.title, language)} (${type.type}): ${parties.join(', ')}`;

/** The same page in the other language. */
const otherOf = ({ name }: Session, language: Language, path: string): string =>
  `/${name}/${language === 'zh' ? 'en' : 'zh'}/${path}`;

function shell(language: Language, title: string, other: string | undefined, main: Html, last?: Html): Html {
  const words = wordsOf(language);
  return html`<html lang="${words.lang}">
    <head>
      <meta charset="utf-8" />
      <title>${title}</title>
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <link rel="stylesheet" href="/page.css" />
    </head>
    <body>
      <header><span>Task Chain</span>${other !== undefined && html`<a href="${other}">${words.other}</a>`}</header>
      <main>
        <h1>${title}</h1>
        ${main}
      </main>
      ${last}
    </body>
  </html>`;
}
