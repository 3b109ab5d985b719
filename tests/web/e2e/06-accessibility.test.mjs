import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, declarePair, kill, publish } from '../support/api.mjs';
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

await call('PUT', '/api/users/axe.user', { password: 'axe', tags: 'monitoring,policymaker,team-mail' });
await call('PUT', '/api/permissions/%2F/axe.user', { configure: '^axe\\.', write: '.*', read: '' });
await call('PUT', '/api/topic-permissions/%2F/axe.user', { exchange: 'amq.topic', write: '^mail\\.', read: '.*' });
await call('PUT', '/api/vhosts/axe', { description: 'for the tests of the look', tags: 'test,axe' });
await call('PUT', '/api/vhost-limits/axe/max-queues', { value: 100 });
await call('PUT', '/api/policies/%2F/axe-limits', {
  pattern: '^axe\\.jobs',
  definition: { 'max-length': 100000, 'dead-letter-exchange': '' },
  priority: 3,
  'apply-to': 'queues',
});
await call('POST', '/api/x/tokens', { description: 'nightly import', expires_in: 86400 });
const definitions = {
  exchanges: [
    { name: 'axe.new', vhost: '/', type: 'topic', durable: true, auto_delete: false, internal: false, arguments: {} },
  ],
  queues: [{ name: 'axe.jobs', vhost: '/', durable: false, auto_delete: false, arguments: {} }],
  users: [{ name: 'axe.user', password_hash: '', tags: [] }],
};
const press = (name) => async (page) => {
  await page.getByRole('button', { name }).first().click();
  await page.getByRole('dialog').waitFor();
};

/** Of the first chart. */
const openTable = async (page) => {
  await page.getByText('As a table').first().click();
  await page.locator('.chart-rows').waitFor();
};

/** Pages with what to wait for, and what to do before looking. */
const pages = {
  login: ['/ui/queues', { login: false }, (page) => page.getByRole('dialog').waitFor()],
  queues: ['/ui/queues?q=a', {}, (page) => page.getByRole('table', { name: 'Queues' }).waitFor()],
  'queues, nothing matches': ['/ui/queues?q=zzzz', {}, (page) => page.getByText(/queues match/).waitFor()],
  queue: [
    queuePage('axe.jobs'),
    {},
    async (page) => {
      await page.getByRole('heading', { name: 'Arguments' }).waitFor();
      await openTable(page);
    },
  ],
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
  overview: [
    '/ui/overview',
    {},
    async (page) => {
      await page.getByRole('heading', { name: /^Node/ }).waitFor();
      await page.locator('.attention-list li').first().waitFor();
      await openTable(page);
    },
  ],
  'overview with an alarm': [
    '/ui/overview',
    {},
    async (page) => {
      await page.route('**/api/nodes', async (route) => {
        const answer = await route.fetch();
        const [node] = await answer.json();
        const alarmed = { ...node, mem_alarm: true, mem_limit: Math.round(node.mem_used * 0.9), disk_free_alarm: true };
        await route.fulfill({ response: answer, json: [{ ...alarmed, disk_free_limit: node.disk_free * 2 }] });
      });
      await page.locator('.alarm').waitFor();
    },
  ],
  users: ['/ui/users', {}, (page) => page.getByRole('table', { name: 'Users' }).waitFor()],
  'user, add': ['/ui/users', {}, press('Add user…')],
  user: [
    '/ui/user?name=axe.user',
    {},
    async (page) => {
      await page.getByRole('table', { name: 'Topic permissions' }).waitFor();
      await page.getByRole('table', { name: 'Permissions', exact: true }).waitFor();
    },
  ],
  'user, permissions': [
    '/ui/user?name=axe.user',
    {},
    async (page) => {
      await press('Edit… permissions in /')(page);
      await page
        .getByText(/Matches now .*axe/)
        .first()
        .waitFor();
    },
  ],
  tokens: ['/ui/tokens', {}, (page) => page.getByRole('table', { name: 'Tokens' }).waitFor()],
  'token, make': ['/ui/tokens', {}, press('Make a token…')],
  'virtual hosts': ['/ui/vhosts', {}, (page) => page.getByRole('table', { name: 'Virtual hosts' }).waitFor()],
  'virtual host': [
    '/ui/vhost?name=axe',
    {},
    async (page) => {
      await page.getByText('queues 100').waitFor();
      await page.getByRole('table', { name: 'Permissions' }).waitFor();
    },
  ],
  'virtual host, add': ['/ui/vhosts', {}, press('Add virtual host…')],
  policies: ['/ui/policies', {}, (page) => page.getByRole('table', { name: 'Policies' }).waitFor()],
  'operator policies': ['/ui/policies?tab=operator', {}, (page) => page.getByText('No operator policies').waitFor()],
  'policy, change': [
    '/ui/policies',
    {},
    async (page) => {
      await press('axe-limits')(page);
      await page.getByText(/Matches now .*axe/).waitFor();
    },
  ],
  definitions: [
    '/ui/definitions',
    {},
    async (page) => {
      await page.locator('input[type=file]').setInputFiles({
        name: 'definitions.json',
        mimeType: 'application/json',
        buffer: Buffer.from(JSON.stringify(definitions)),
      });
      await page.getByRole('table', { name: 'What would be done' }).waitFor();
    },
  ],
  settings: ['/ui/settings', {}, (page) => page.getByRole('table', { name: 'Settings' }).waitFor()],
  'setting, set': ['/ui/settings', {}, press('log_level')],
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
