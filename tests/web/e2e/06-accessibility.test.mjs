import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declarePair, kill, publish } from '../support/api.mjs';
import { axeFile, deadPage, queuePage, visit } from '../support/browser.mjs';

const long = 'a-queue-with-quite-a-long-name.that.does.not.fit.into.a.narrow.column.of.the.table';

await declarePair('axe.jobs', 'axe.dead');
await declarePair(long, 'axe.dead');
await kill(
  'axe.jobs',
  Array.from({ length: 120 }, (_, n) => ({
    payload: `{"n":[${n}]}`,
    headers: { 'x-error': `SMTP 451 in ${n} s, and more words than fit a line` },
  })),
);
await publish('axe.jobs', Buffer.alloc(200, 0xfe).toString('base64'), { encoding: 'base64' });

/** Pages with what to wait for, and what to do before looking. */
const pages = {
  login: ['/ui/queues', { login: false }, (page) => page.getByRole('dialog').waitFor()],
  queues: ['/ui/queues?q=a', {}, (page) => page.getByRole('table', { name: 'Queues' }).waitFor()],
  'queues, nothing matches': ['/ui/queues?q=zzzz', {}, (page) => page.getByText(/queues match/).waitFor()],
  queue: [queuePage('axe.jobs'), {}, (page) => page.getByRole('heading', { name: 'Arguments' }).waitFor()],
  'queue, long name': [queuePage(long), {}, (page) => page.getByRole('heading', { name: 'Arguments' }).waitFor()],
  'queue, message': [queuePage('axe.jobs', '&tab=messages&sel=121'), {}, (page) => page.locator('.hex').waitFor()],
  'queue, consumers': [
    queuePage('axe.jobs', '&tab=consumers'),
    {},
    (page) => page.getByText('No consumer', { exact: true }).waitFor(),
  ],
  'queue, bindings': [
    queuePage('axe.jobs', '&tab=bindings'),
    {},
    (page) => page.getByRole('table', { name: 'Bindings' }).waitFor(),
  ],
  'queue, missing': [
    queuePage('axe.missing'),
    { expected: /404/ },
    (page) => page.getByText('It may have been deleted').waitFor(),
  ],
  publish: [
    queuePage('axe.jobs'),
    {},
    async (page) => {
      await page.getByRole('button', { name: 'Publish…' }).click();
      await page.getByRole('dialog').waitFor();
    },
  ],
  delete: [
    queuePage('axe.jobs'),
    {},
    async (page) => {
      await page.getByRole('button', { name: 'Delete…' }).click();
      await page.getByRole('dialog').waitFor();
    },
  ],
  'dead letters': ['/ui/dead-letters', {}, (page) => page.getByRole('link', { name: /^axe\.dead/ }).waitFor()],
  'dead letters of a queue': [
    deadPage('axe.dead'),
    {},
    async (page) => {
      await page.getByLabel('Select message 1', { exact: true }).check();
      await page.getByText('1 selected').waitFor();
    },
  ],
  'dead letter': [deadPage('axe.dead', '&sel=1'), {}, (page) => page.locator('.timeline').waitFor()],
  replay: [
    deadPage('axe.dead'),
    {},
    async (page) => {
      await page.getByLabel('Select message 1', { exact: true }).check();
      await page.getByRole('button', { name: /^Replay 1 to/ }).click();
      await page.getByText(/ready/).last().waitFor();
    },
  ],
  exchanges: ['/ui/exchanges', {}, (page) => page.getByRole('table', { name: 'Exchanges' }).waitFor()],
  connections: ['/ui/connections', {}, (page) => page.locator('main .table, main .empty').waitFor()],
  keys: [
    '/ui/queues',
    {},
    async (page) => {
      await page.getByRole('heading', { name: 'Queues' }).waitFor();
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    },
  ],
};

for (const [name, [address, options, ready]] of Object.entries(pages)) {
  test(`${name}: no finding of axe, nothing wider than the screen`, async () => {
    for (const theme of ['light', 'dark']) {
      for (const width of [1280, 375]) {
        await visit(address, { ...options, theme, width }, async (page) => {
          await ready(page);
          if (process.env.SCREENSHOTS) {
            await page.screenshot({
              path: `${process.env.SCREENSHOTS}/${name.replace(/\W+/g, '-')}-${theme}-${width}.png`,
            });
          }
          assert.ok(
            await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
            `${name} is wider than ${width} px`,
          );
          // Not a script tag: the page's policy would refuse it, as it should.
          await page.evaluate(await axeSource());
          const { violations } = await page.evaluate(() => globalThis.axe.run());
          const findings = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
          assert.deepEqual(findings, [], `${theme}, ${width} px`);
        });
      }
    }
  });
}

async function axeSource() {
  const { readFile } = await import('node:fs/promises');
  return readFile(axeFile, 'utf8');
}

test('a finger finds its targets: nothing to press is smaller than 24 px', async () => {
  for (const address of ['/ui/queues?q=axe', queuePage('axe.jobs'), deadPage('axe.dead')]) {
    await visit(address, { width: 375, height: 720 }, async (page) => {
      await page.locator('main table, main .cards').first().waitFor();
      const small = await page.evaluate(() =>
        [...document.querySelectorAll('button, .tabs a, .rail a, label.check, label.check-target')]
          .filter((element) => element.checkVisibility() && element.getBoundingClientRect().width > 0)
          .filter((element) => {
            const { width, height } = element.getBoundingClientRect();
            return width < 24 || height < 24;
          })
          .map((element) => element.outerHTML.slice(0, 80)),
      );
      assert.deepEqual(small, []);
    });
  }
});
