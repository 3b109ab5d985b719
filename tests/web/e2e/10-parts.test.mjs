import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declareQueue, publish } from '../support/api.mjs';
import { queuePage, visit } from '../support/browser.mjs';

test('the Admin section comes when it is opened', async () => {
  const asked = [];
  await visit('/ui/queues', {}, async (page) => {
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.getByRole('heading', { level: 1, name: 'Queues' }).waitFor();
    assert.ok(!asked.some((path) => path.startsWith('/assets/admin-')));
    await page.getByRole('link', { name: 'Users', exact: true }).first().click();
    await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor();
    assert.equal(asked.filter((path) => path.startsWith('/assets/admin-')).length, 1);
    await page.getByRole('link', { name: 'Policies', exact: true }).first().click();
    await page.getByRole('heading', { level: 1, name: 'Policies' }).waitFor();
    assert.equal(asked.filter((path) => path.startsWith('/assets/admin-')).length, 1);
  });
});

test('a part that does not come says so, and is asked for again', async () => {
  const expected = /Failed to load resource|dynamically imported module/;
  await visit('/ui/queues', { expected }, async (page) => {
    let isUp = false;
    await page.route('**/assets/admin-*.js', (route) => (isUp ? route.continue() : route.fulfill({ status: 404 })));
    await page.getByRole('heading', { level: 1, name: 'Queues' }).waitFor();
    await page.getByRole('link', { name: 'Users', exact: true }).first().click();
    const alert = page.getByRole('alert').filter({ hasText: 'A part of the dashboard did not come' });
    await alert.waitFor();
    // It is not there yet: the same again.
    await alert.getByRole('button', { name: 'Try again' }).click();
    await page.waitForEvent('load');
    await alert.waitFor();
    isUp = true;
    await alert.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor();
    assert.match(page.url(), /\/ui\/users$/);
  });
});

/** Publishes until a chart says that something happened, as samples are taken every five seconds. */
async function publishUntil(queue, shown) {
  const end = Date.now() + 60_000;
  while (!(await shown())) {
    assert.ok(Date.now() < end, 'no samples');
    await publish(queue, 'x');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('a queue shows its last ten minutes, as a picture, a sentence and a table', async () => {
  await declareQueue('history.jobs');
  await visit(queuePage('history.jobs'), {}, async (page) => {
    const sentences = () =>
      page.locator('.chart-plot svg').evaluateAll((plots) => plots.map((plot) => plot.getAttribute('aria-label')));
    await publishUntil('history.jobs', async () =>
      (await sentences()).some((sentence) =>
        /^Rates per second\. Publish: [\d.,]+ now, at most (?!0 )[\d.,]+ at \d\d:\d\d:\d\d;/.test(sentence),
      ),
    );
    const messages = page.getByRole('figure').filter({ hasText: 'Messages' });
    assert.match(await messages.locator('.chart-plot .chart-line.tone-publish').getAttribute('d'), /^M[\d. ]+L/);
    await messages.getByText('As a table').click();
    const rows = messages.getByRole('row');
    await rows.nth(1).waitFor();
    assert.equal(await rows.count(), 122);
    assert.match(await rows.nth(1).innerText(), /^\d\d:\d\d:\d\d\s+[\d,]+\s+[\d,]+$/);
    // What was at the time under the pointer.
    const plot = messages.getByRole('img', { name: /^Messages/ });
    await plot.hover({ position: { x: 1, y: 50 } });
    await messages.locator('.chart-cursor').waitFor({ state: 'attached' });
    assert.match(await messages.locator('.chart-head').innerText(), /\d\d:\d\d:\d\d/);
  });
});

test('the overview goes back a day, and the address says how far', async () => {
  await visit('/ui/overview', {}, async (page) => {
    const group = page.getByRole('group', { name: 'How far back' });
    await group.getByRole('button', { name: '10 min' }).waitFor();
    await page.getByRole('img', { name: /^Messages\. Ready: / }).waitFor();
    await group.getByRole('button', { name: '24 h' }).click();
    await page.waitForURL(/span=24h/);
    const figure = page.getByRole('figure').filter({ hasText: 'Messages' });
    await figure.getByText('As a table').click();
    // A sample every half hour, and the heading.
    await page.waitForFunction(() => document.querySelectorAll('.chart-rows tr').length === 50);
    await page.reload();
    assert.equal(await group.getByRole('button', { name: '24 h' }).getAttribute('aria-pressed'), 'true');
  });
});
