import { readFileSync } from 'node:fs';
import { afterAll, expect } from '@jest/globals';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describeUnless, openTestBrowser } from '#libs/testing';
import { describeSystem } from '../../integration/system/index.js';
import { expectAccessible, openWindow, signIn } from './console-browser.js';
import { addByKeyboard, choose, designFlow, ended, field, node, palette, WANTED } from './design-flow.js';
import { templateFlow, templatePages } from './template-flow.js';

const chromium = await openTestBrowser();
afterAll(() => chromium.close());

const PHONE = { width: 390, height: 780 };

describeUnless(chromium.skip, 'the designer', () => {
  describeSystem('in a browser', 'postgres', {}, (check, system) => {
    const open = async (options?: BrowserContextOptions) => {
      const window = await openWindow(chromium.browser, system.api.url, '/designer', options);
      await signIn(window.page);
      await palette(window.page).getByRole('button').first().waitFor();
      return window;
    };

    check('makes the complex example, runs it, is approved by the other party, and ends', async (running) => {
      const window = await open();
      await designFlow(window, chromium.browser, running);
      await window.page.context().close();
    });

    check('makes the same by keyboard alone', async ({ api }) => {
      const { page, faults } = await open();
      const { keyboard } = page;
      await addByKeyboard(page, 0);
      await addByKeyboard(page, 1);
      await choose(page, 'task-001');
      // Beside the canvas, Backspace removes nothing.
      await page.locator('.panel').getByRole('tab').first().focus();
      await keyboard.press('Backspace');
      await page.getByRole('button', { name: 'Save as a template' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Back' }).focus();
      await keyboard.press('Backspace');
      await keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      await addByKeyboard(page, 2);
      await addByKeyboard(page, 3);
      await field(page, 'Waits for').focus();
      await keyboard.type('task-002');
      await keyboard.press('Enter');
      await keyboard.press('Escape');
      await choose(page, 'task-004');
      await addByKeyboard(page, 4);
      await keyboard.press('Escape');
      await node(page, 'task-005').focus();
      await keyboard.press('Enter');
      await keyboard.press('Delete');
      await node(page, 'task-005').waitFor({ state: 'hidden' });
      // What had the focus is gone.
      await keyboard.press('Control+Z');
      await node(page, 'task-005').waitFor();
      await page.getByText('No fault: Complex, 5 tasks on 4 levels.').waitFor();
      await page.getByRole('button', { name: 'Run', exact: true }).focus();
      await keyboard.press('Enter');
      const chain = await ended(page, api);
      const made = chain.tasks.map(({ task_id, task_name, depends_on }) => [
        task_id,
        task_name,
        [...depends_on].sort(),
      ]);
      expect(made).toEqual(WANTED);
      expect(faults).toEqual([]);
      await page.context().close();
    });

    check('says what is wrong where it is, and keeps the draft over a reload', async () => {
      const { page, faults } = await open();
      await palette(page)
        .getByRole('button', { name: /\bpsi$/ })
        .click();
      await node(page, 'psi').getByText('fault').waitFor();
      await page.locator('.faults').getByText('/task_params').first().waitFor();
      await field(page, 'Parties *').fill('alice');
      await page.keyboard.press('Enter');
      await page.keyboard.type('bob');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Escape');
      // A form of the schema, with a field for each party.
      const tables = page.locator('.field', { has: page.getByText('input_paths *', { exact: true }) }).first();
      await tables.getByRole('combobox', { name: 'alice' }).fill('a.csv');
      await tables.getByRole('combobox', { name: 'bob' }).fill('b.csv');
      await page.getByText('By default ECDH_PSI_2PC').waitFor();
      await page.reload();
      await node(page, 'psi').click();
      expect(await tables.getByRole('combobox', { name: 'bob' }).inputValue()).toBe('b.csv');
      // A reference to a task that is not before it is a fault at the field.
      await tables.getByRole('combobox', { name: 'bob' }).fill('${tasks.none.result.x}');
      await tables.getByRole('alert').getByText('none').waitFor();
      // So is one in the place where a task runs, and it is not lost.
      const where = page.locator('.panel .field', { has: page.getByText('Where it runs', { exact: true }) });
      await where.getByRole('combobox').click();
      await page.getByTitle('At the sites of its parties').click();
      await page.getByRole('tab', { name: 'Text' }).click();
      const text = page.getByRole('textbox', { name: 'Text' });
      await text.fill((await text.inputValue()).replace('"node"', '"${tasks.none.result.x}"'));
      await page.getByRole('tab', { name: 'Form' }).click();
      await where.getByRole('alert').getByText('known when the chain is created').waitFor();
      await where.getByTitle('${tasks.none.result.x}').waitFor();
      // Another tab of the browser shows it, and neither writes over the other.
      const beside = await page.context().newPage();
      await beside.goto(page.url());
      await node(beside, 'psi').waitFor();
      await palette(beside)
        .getByRole('button', { name: /\bdiagnostic$/ })
        .click();
      await page.getByText('changed in another tab').waitFor();
      await page.reload();
      await page.getByRole('button', { name: 'Show that one' }).waitFor();
      await node(page, 'psi').waitFor();
      expect(await node(page, 'diagnostic').count()).toBe(0);
      await page.getByRole('button', { name: 'Show that one' }).click();
      await node(page, 'diagnostic').waitFor();
      await page.getByText('changed in another tab').waitFor({ state: 'hidden' });
      expect(faults).toEqual([]);
      await page.context().close();
    });

    check('draws the arms of a branch, and keeps them as tasks are renamed and removed', async () => {
      const { page, faults } = await open();
      await startFrom(page, 'branching');
      await page.locator('[aria-label^="too-few is an arm of intersect: else"]').waitFor({ state: 'attached' });
      expect(await page.locator('[aria-label="too-few waits for describe"]').count()).toBe(0);
      // Each arm has a frame, which chooses its tasks and goes where they go.
      const otherwise = page.getByRole('button', { name: 'Frame: after intersect, otherwise. In it, 1: Report that' });
      await page.getByRole('button', { name: /^Frame: after intersect, if .* >= 100\. In it, 1: Describe/ }).waitFor();
      await otherwise.focus();
      await page.keyboard.press('Enter');
      await page.locator('.react-flow__node.selected[data-id="too-few"]').waitFor();
      const standsAt = async () => (await otherwise.boundingBox())!.y - (await node(page, 'too-few').boundingBox())!.y;
      const above = await standsAt();
      const before = await node(page, 'too-few').boundingBox();
      await node(page, 'too-few').focus();
      await page.keyboard.press('Shift+ArrowDown');
      await expectMoved(page, 'too-few', before);
      expect(Math.abs((await standsAt()) - above)).toBeLessThan(1);
      // An edge is chosen by keyboard as well, and has a form.
      await page.locator('[aria-label="report waits for describe"]').focus();
      await page.keyboard.press('Enter');
      await page.getByRole('form', { name: 'The chosen edge' }).waitFor();
      await field(page, 'Condition (CEL)').fill('tasks.describe.status == "SUCCESS"');
      await page.locator('[aria-label^="report waits for describe: tasks.describe"]').waitFor({ state: 'attached' });
      await page.getByRole('button', { name: 'Open describe' }).click();
      await field(page, 'Id *').fill('describe-all');
      await page.keyboard.press('Enter');
      await page.locator('[aria-label^="describe-all is an arm of intersect"]').waitFor({ state: 'attached' });
      await page.getByRole('button', { name: 'Remove the task' }).click();
      await node(page, 'describe-all').waitFor({ state: 'hidden' });
      await page.getByRole('tab', { name: 'Text' }).click();
      const text = await page.getByRole('textbox', { name: 'Text' }).inputValue();
      const [first] = (JSON.parse(text) as { tasks: { branch: unknown }[] }).tasks;
      expect(first!.branch).toEqual([{ when: expect.any(String), then: [] }, { else: ['too-few'] }]);
      // What is wrong with it stands at the arm; an edge goes into one that has no task yet, and out of it.
      await page.getByRole('tab', { name: 'Form' }).click();
      await choose(page, 'intersect');
      await page.getByRole('group', { name: 'Arm 1: if' }).getByText('No task runs here').waitFor();
      await page.getByRole('button', { name: 'Remove: Arm 1: if' }).click();
      await page.getByRole('group', { name: 'Otherwise' }).getByRole('alert').first().waitFor();
      await page.getByRole('button', { name: 'Add an arm' }).focus();
      await page.keyboard.press('Enter');
      await page.keyboard.type('size(tasks.intersect.result) > 1');
      await page.keyboard.press('Escape');
      await node(page, 'intersect').locator('.source').dragTo(node(page, 'report').locator('.target'));
      const drawn = page.locator('[aria-label="report is an arm of intersect: size(tasks.intersect.result) > 1"]');
      await drawn.waitFor({ state: 'attached' });
      await drawn.focus();
      await page.keyboard.press('Delete');
      await drawn.waitFor({ state: 'detached' });
      await choose(page, 'intersect');
      await page.getByRole('group', { name: 'Arm 1: if' }).getByRole('alert').waitFor();
      await page.keyboard.press('Control+Z');
      await drawn.waitFor({ state: 'attached' });
      expect(faults).toEqual([]);
      await page.context().close();
    });

    check('has forms for each item of a list, the end of a chain and what undoes a task', async () => {
      const { page, faults } = await open();
      await palette(page).getByRole('button', { name: 'diagnostic' }).click();
      await node(page, 'diagnostic').dispatchEvent('click');
      await page.getByText('For each item of a list').click();
      await field(page, 'Items items *').fill('["north", "south"]');
      await field(page, 'Key key').fill('${item}');
      await field(page, 'So many must succeed at_least').fill('0.5');
      await page.getByRole('button', { name: 'Frame: each item · 2. In it, 1: diagnostic' }).waitFor();
      await page.getByText('End the chain here').click();
      await field(page, 'If (CEL) when *').fill('tasks.nothing.result.rows < 1');
      await page.locator('.field', { hasText: 'If (CEL)' }).getByRole('alert').waitFor();
      await field(page, 'If (CEL) when *').fill('size(tasks.diagnostic.result) < 2');
      await page.getByText('No fault').waitFor();
      await page.getByRole('tab', { name: 'Text' }).click();
      const text = await page.getByRole('textbox', { name: 'Text' }).inputValue();
      const [task] = (JSON.parse(text) as { tasks: object[] }).tasks;
      expect(task).toMatchObject({
        for_each: { items: ['north', 'south'], key: '${item}', at_least: 0.5 },
        end_chain: { when: 'size(tasks.diagnostic.result) < 2' },
      });
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      const frame = page.getByRole('button', { name: 'Frame: each item of diagnostic · 2. In it, 3: ' });
      await frame.click();
      await page.locator('.node').filter({ hasText: 'Success' }).nth(2).waitFor();
      expect(await frame.getAttribute('aria-label')).toContain('diagnostic[north], diagnostic[south]');
      expect(faults).toEqual([]);
      await page.context().close();
    });

    check('has forms for a chain that runs in turns, and for what waits for a person', async ({ api }) => {
      const pause = { task_id: 'pause', task_type: 'wait', task_params: { task_config: { seconds: '${params.n}' } } };
      const params = {
        ...{ type: 'object', required: ['n'] },
        properties: {
          n: { type: 'integer', minimum: 0, title: 'Seconds' },
          files: { type: 'array', 'x-artifact': true, default: [] },
          last: { type: 'string', default: '' },
        },
      };
      const config = { result: { files: '${params.files}', last: '${params.last}' } };
      const use = { task_id: 'use', task_type: 'diagnostic', task_params: { task_config: config } };
      const chain = { chain_name: 'x', params, tasks: [pause, use], outputs: { at: '${tasks.pause.result.ended_at}' } };
      await api.expect(201, '/templates', { method: 'POST', body: { title: 'a pause', chain } });
      const { page, faults } = await open();
      await palette(page)
        .getByRole('button', { name: /\bchain$/ })
        .click();
      await node(page, 'chain').dispatchEvent('click');
      await field(page, 'Template').click();
      await page.getByTitle('a pause').click();
      await field(page, 'Seconds n *').fill('-1');
      await page.locator('.field', { hasText: 'Seconds' }).getByRole('alert').first().waitFor();
      await field(page, 'Seconds n *').fill('0');
      await field(page, 'files').fill('out.csv');
      await page.locator('.field', { hasText: 'files' }).getByRole('alert').waitFor();
      await field(page, 'files').fill('[]');
      await page.getByText('Repeat it in turns').click();
      await field(page, 'Until (CEL) until *').fill('tasks.chain.result.at != ""');
      await field(page, 'Most turns max *').fill('2');
      await page.locator('.field', { hasText: 'carry' }).getByRole('combobox', { name: 'last' }).click();
      await page.getByTitle('at', { exact: true }).click();
      await page.getByRole('button', { name: /^Frame: in turns · ≤ 2 · tasks\.chain\.result/ }).waitFor();
      await page.getByText('No fault').waitFor();
      await palette(page)
        .getByRole('button', { name: /sign_off$/ })
        .click();
      await field(page, 'Question question *').fill('May it go on?');
      await field(page, 'Who who *').fill('role:admin');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Escape');
      await page.getByText('No fault').waitFor();
      expect(await page.getByText('Retry policy').count()).toBe(0);
      await page.getByRole('tab', { name: 'Text' }).click();
      const text = await page.getByRole('textbox', { name: 'Text' }).inputValue();
      const [first, second] = (JSON.parse(text) as { tasks: object[] }).tasks;
      expect(first).toMatchObject({
        task_params: { task_config: { template: expect.any(String), args: { n: 0, files: [] } } },
        repeat: { until: 'tasks.chain.result.at != ""', max: 2, carry: { last: 'at' } },
      });
      expect(second).toMatchObject({
        task_params: { task_config: { question: 'May it go on?', who: ['role:admin'] } },
      });
      expect(faults).toEqual([]);
      await page.context().close();
    });

    check('opens the chain that is written out in a task, and leads to what is wrong in it', async () => {
      const { page, faults } = await open();
      await startFrom(page, 'nested');
      await page.getByRole('button', { name: 'Open the chain of Describe both tables: 2 tasks' }).click();
      await node(page, 'note').waitFor();
      await palette(page)
        .getByRole('button', { name: /\bpsi$/ })
        .click();
      await node(page, 'psi').getByText('fault').waitFor();
      // The whole is what is written, and what undo goes through.
      await page.getByRole('tab', { name: 'Text' }).click();
      const text = await page.getByRole('textbox', { name: 'Text' }).inputValue();
      const { tasks } = JSON.parse(text) as {
        tasks: { task_params: { task_config: { chain?: { tasks: object[] } } } }[];
      };
      expect(tasks[1]!.task_params.task_config.chain!.tasks).toMatchObject([{}, {}, { task_id: 'psi' }]);
      await page.getByRole('tab', { name: 'Form' }).click();
      await page.getByRole('button', { name: 'Describe in another chain' }).focus();
      await page.keyboard.press('Enter');
      // Where it leads from is chosen; what is wrong inside is counted there, and leads back in.
      await page.locator('.react-flow__node.selected[data-id="describe"]').getByText('fault').waitFor();
      await page.locator('.react-flow__node[data-id="describe"]:focus').waitFor();
      await page
        .locator('.faults li', { hasText: 'chain/tasks/2' })
        .getByRole('button', { name: 'Show it' })
        .first()
        .click();
      await page.locator('.react-flow__node.selected[data-id="psi"]').waitFor();
      await page.getByRole('button', { name: 'Describe in another chain' }).click();
      await page.getByRole('button', { name: /^Open the chain of Describe both tables: 3/ }).waitFor();
      await page.keyboard.press('Control+Z');
      await page.getByRole('button', { name: /^Open the chain of Describe both tables: 2/ }).waitFor();
      expect(faults).toEqual([]);
      await page.context().close();
    });

    check('is edited as text as well, and takes what is hostile for text', async ({ api }) => {
      const { page, faults } = await open();
      await page.getByRole('tab', { name: 'Text' }).click();
      const text = page.getByRole('textbox', { name: 'Text' });
      await page.getByText('YAML', { exact: true }).click();
      const name = '<img src=x onerror="document.title=1">\u202egnp.exe';
      await text.fill(
        `chain_name: ${JSON.stringify(name)}\ntasks:\n- {task_id: a, task_type: diagnostic, task_name: ${JSON.stringify(name)}, task_params: {task_config: {}}}\n- {task_id: b, task_type: diagnostic, task_params: {task_config: {}}, depends_on: [{task_id: a, when: 'tasks.a.status == "SUCCESS"'}]}\n`,
      );
      await page.getByText('No fault: Sequential, 2 tasks on 2 levels.').waitFor();
      await page.locator('[aria-label*="tasks.a.status =="]').waitFor({ state: 'attached' });
      await node(page, 'a')
        .getByText(String.raw`\u202egnp.exe`)
        .waitFor();
      // Copies get ids of their own, and wait for each other.
      await node(page, 'a').click();
      await page.keyboard.press('Control+A');
      await page.keyboard.press('Control+C');
      await page.keyboard.press('Control+V');
      await page.getByText('4 tasks on 2 levels.').waitFor();
      expect(await text.inputValue()).toContain('when: tasks["a-2"].status == "SUCCESS"');
      await page.keyboard.press('Control+Z');
      await node(page, 'a-2').waitFor({ state: 'hidden' });

      const bomb = `a: &a [x]\n${'bcdefgh'.replaceAll(/./g, (c) => `${c}: &${c} [*${String.fromCharCode(c.charCodeAt(0) - 1)}, *a]\n`)}tasks: *h\n`;
      const many = {
        chain_name: 'many',
        tasks: Array.from({ length: 501 }, (_, i) => ({ task_id: `t${i}`, task_type: 'x' })),
      };
      const twice = { tasks: [0, 1].map(() => ({ task_id: 'a', task_type: 'x' })) };
      const odd =
        '{"chain_name": {}, "tasks": [{"task_id": "__proto__", "task_type": "constructor", "depends_on": [{"task_id": 7}, null], "task_params": []}], "__proto__": {"polluted": true}}';
      for (const [content, said] of [
        [bomb, 'alias'],
        [JSON.stringify(many), 'up to 500 tasks'],
        [JSON.stringify(twice), 'Two tasks have the same id'],
        ['[1]', 'A chain is an object with tasks'],
        ['{"tasks": [', 'cannot be read'],
        ['null', 'A chain is an object with tasks'],
      ] as const) {
        await importFile(page, content);
        await page.locator('.ant-alert').getByText(said).first().waitFor();
        await node(page, 'a').waitFor();
      }
      await importFile(page, odd);
      await node(page, '__proto__').waitFor();
      await isKept(page, true);
      expect(await page.evaluate('({}).polluted')).toBeUndefined();
      await page.getByRole('button', { name: 'Undo' }).click();
      await node(page, 'a').waitFor();
      await isKept(page, false);
      await page.getByRole('button', { name: 'Export JSON' }).waitFor();
      const [saved] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Export JSON' }).click(),
      ]);
      const kept = JSON.parse(readFileSync(await saved.path(), 'utf8')) as { chain_name: string };
      expect(kept.chain_name).toBe(name);
      // What is in the browser's store may be anything. A page that leaves does not write over what came after its own draft.
      const keptAs = await page.evaluate(
        `Object.keys(localStorage).find((name) => name.startsWith('task-chain.draft'))`,
      );
      for (const broken of [
        '{',
        '{"draft":{"tasks":[{"task_id":1}]},"places":{}}',
        '{"draft":{"tasks":[]},"places":[]}',
      ]) {
        await page.evaluate(`localStorage.setItem(${JSON.stringify(keptAs)}, ${JSON.stringify(broken)})`);
        await page.reload();
        await page.getByText('Drag a task type here').waitFor();
      }
      expect(await page.title()).not.toBe('1');
      expect(faults).toEqual([]);
      expect((await api.expect<{ items: unknown[] }>(200, '/chains?q=img')).items).toEqual([]);
      await page.context().close();
    });

    check('saves a template, sees what another saved, compares versions, starts a chain of one', async ({ api }) => {
      const window = await open();
      await templateFlow(window, api);
      await window.page.context().close();
    });

    const LOOKS: readonly (readonly [string, BrowserContextOptions])[] = [
      ['en', {}],
      ['zh-phone', { locale: 'zh-CN', viewport: PHONE }],
    ];
    for (const [name, options] of LOOKS) {
      check(`looks right as ${name}: in both themes, empty, with an example; templates`, async ({ api }) => {
        const window = await open(options);
        const { page } = window;
        await expectAccessible(window, `${name}-designer-empty`);
        await startFrom(page, 'breast-cancer');
        await node(page, 'evaluate').waitFor();
        await expectAccessible(window, `${name}-designer-example`);
        await node(page, 'train').dispatchEvent('click');
        await page.getByText('epochs').first().waitFor();
        await expectAccessible(window, `${name}-designer-task`);
        await page.getByRole('tab', { name: /Text|文本/ }).click();
        await page.getByRole('textbox', { name: /Text|文本/ }).waitFor();
        await expectAccessible(window, `${name}-designer-text`);
        await startFrom(page, 'federated-loop');
        await page.getByRole('tab', { name: /Form|表单/ }).click();
        await node(page, 'train').dispatchEvent('click');
        await page.locator('.panel .field').getByText('carry', { exact: true }).waitFor();
        await expectAccessible(window, `${name}-designer-turns`);
        await startFrom(page, 'branching');
        await node(page, 'intersect').dispatchEvent('click');
        await page.locator('.arms > div').nth(1).scrollIntoViewIfNeeded();
        await expectAccessible(window, `${name}-designer-branch`);
        await startFrom(page, 'nested');
        await page.locator('button.inner').click();
        await node(page, 'note').dispatchEvent('click');
        await expectAccessible(window, `${name}-designer-inner`);
        await page.locator('.trail button').click();
        await page.locator('.panel details', { hasText: 'JSON' }).scrollIntoViewIfNeeded();
        await expectAccessible(window, `${name}-designer-around`);
        await templatePages(window, api, name);
        await page.context().close();
      });
    }
  });
});

async function startFrom(page: Page, example: string): Promise<void> {
  await page.getByRole('combobox', { name: /Start from an example|从示例或模板开始/ }).click();
  await page.locator('.ant-select-item-option').getByText(example, { exact: true }).click();
}

/** Waits until a task stands elsewhere. */
async function expectMoved(page: Page, id: string, from: { y: number } | null): Promise<void> {
  while ((await node(page, id).boundingBox())?.y === from?.y) await page.waitForTimeout(20);
}

/** Waits until the browser keeps the odd draft, or another one. */
async function isKept(page: Page, odd: boolean): Promise<void> {
  const kept = 'JSON.stringify(Object.values(localStorage))';
  while ((await page.evaluate<string>(kept)).includes('__proto__') !== odd) await page.waitForTimeout(50);
}

async function importFile(page: Page, content: string): Promise<void> {
  const file = { name: 'chain.json', mimeType: 'application/json', buffer: Buffer.from(content) };
  await page.locator('input[type=file]').setInputFiles(file);
}
