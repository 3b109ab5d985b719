import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browse, declareQueue, publish, queue } from '../support/api.mjs';
import { queuePage, row, textIs, visit } from '../support/browser.mjs';

test('the summary says what the queue holds and how it was declared', async () => {
  await declareQueue('page.dead');
  await declareQueue('page.jobs', {
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': 'page.dead',
    'x-max-length': 1000,
  });
  await publish('page.jobs', 'one');
  await visit(queuePage('page.jobs'), {}, async (page) => {
    await page.getByRole('heading', { level: 1, name: 'page.jobs' }).waitFor();
    await textIs(page.locator('.stat', { hasText: 'Ready' }).locator('.stat-value'), '1');
    await row(page, 'x-max-length').getByText('1000').waitFor();
    await page.locator('.card', { hasText: 'Dead letters' }).getByRole('link', { name: 'page.dead' }).click();
    await page.getByRole('heading', { level: 2, name: 'page.dead' }).waitFor();
  });
});

test('browsing consumes nothing and changes nothing', async () => {
  await declareQueue('page.browsed');
  for (let i = 1; i <= 130; i++) await publish('page.browsed', `{"n":${i}}`);
  const before = await browse('page.browsed');
  await visit(queuePage('page.browsed', '&tab=messages'), {}, async (page) => {
    await row(page, '{"n":1}').waitFor();
    await page.getByRole('button', { name: 'Load more' }).click();
    await page.getByRole('button', { name: 'Load more' }).waitFor({ state: 'detached' });
    // Only the rows in sight are there: back to the top.
    await page.keyboard.press('Home');
    await page.getByRole('link', { name: 'Open message 2', exact: true }).click();
    await page.getByRole('complementary', { name: 'Message 2' }).getByText('"n"').waitFor();
    await page.keyboard.press('j');
    await page.getByRole('complementary', { name: 'Message 3' }).waitFor();
    assert.match(page.url(), /sel=3/);
    await page.keyboard.press('Escape');
    await page.getByRole('complementary').waitFor({ state: 'detached' });
  });
  assert.deepEqual(await browse('page.browsed'), before);
  const { messages_ready: ready, messages_unacknowledged: unacked } = await queue('page.browsed');
  assert.deepEqual([ready, unacked], [130, 0]);
});

test('bodies are shown as what they are', async () => {
  await declareQueue('page.bodies');
  await publish('page.bodies', '{"id":12345678901234567890123}', {
    properties: { content_type: 'application/json', message_id: 'm-1' },
    headers: { tenant: 'acme' },
  });
  await publish('page.bodies', Buffer.from([0, 1, 0xfe, 0xff, 0x41]).toString('base64'), { encoding: 'base64' });
  await publish('page.bodies', 'é'.repeat(300_000));
  await visit(queuePage('page.bodies', '&tab=messages&sel=1'), {}, async (page) => {
    const panel = page.getByRole('complementary');
    await textIs(panel.locator('.json-number'), '12345678901234567890123');
    await panel.getByRole('row', { name: 'tenant string acme' }).waitFor();
    await panel.getByRole('row', { name: 'message_id string m-1' }).waitFor();
    await page.keyboard.press('j');
    await textIs(panel.locator('.hex-bytes'), '00 01 fe ff 41');
    await textIs(panel.locator('.hex-ascii'), '....A');
    await page.keyboard.press('j');
    await panel.getByRole('button', { name: 'Load the rest' }).click();
    await panel.getByRole('button', { name: /Show the other 200,000 characters/ }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      panel.getByRole('button', { name: 'Download the body' }).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'message-3.bin');
  });
});

test('a message is published from the page and counted at once', async () => {
  await declareQueue('page.published');
  await visit(queuePage('page.published'), {}, async (page) => {
    await page.getByRole('button', { name: 'Publish…' }).click();
    await page.getByLabel('Body').fill('{"hello":"world"}');
    await page.getByLabel(/^Headers/).fill('{oops');
    await page.getByRole('button', { name: 'Publish 1 to page.published' }).click();
    await page.getByText(/Headers are not JSON/).waitFor();
    await page.getByLabel(/^Headers/).fill('{"tenant":"acme","n":3}');
    await page.getByRole('button', { name: 'Publish 1 to page.published' }).click();
    await page.getByText('Published 1 message to page.published').waitFor();
    await textIs(page.locator('.stat', { hasText: 'Ready' }).locator('.stat-value'), '1');
  });
  const [message] = (await browse('page.published')).items;
  assert.equal(message.payload, '{"hello":"world"}');
  assert.deepEqual(message.properties.headers, { tenant: 'acme', n: 3 });
  assert.equal(message.properties.delivery_mode, 2);
});

test('purge and delete ask for the name', async () => {
  await declareQueue('page.doomed');
  for (let i = 0; i < 3; i++) await publish('page.doomed', 'x');
  await visit(queuePage('page.doomed'), { expected: /404/ }, async (page) => {
    await page.getByRole('button', { name: 'Purge…' }).click();
    const purge = page.getByRole('button', { name: 'Purge 3 messages from page.doomed' });
    assert.ok(await purge.isDisabled());
    await page.getByRole('textbox').fill('page.doome');
    assert.ok(await purge.isDisabled());
    await page.getByRole('textbox').fill('page.doomed');
    await purge.click();
    await page.getByText('Purged page.doomed').waitFor();
    assert.equal((await queue('page.doomed')).messages, 0);
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('textbox').fill('page.doomed');
    await page.getByRole('button', { name: /^Delete page\.doomed/ }).click();
    await page.getByRole('heading', { level: 1, name: 'Queues' }).waitFor();
    await page.goBack();
    await page.getByText('It may have been deleted.').waitFor();
  });
});

test('bindings are listed', async () => {
  await declareQueue('page.bound');
  await visit(queuePage('page.bound', '&tab=bindings'), {}, async (page) => {
    await row(page, '(default exchange)').getByText('page.bound').waitFor();
    await page.getByRole('link', { name: 'Exchanges' }).click();
    await row(page, 'amq.topic').waitFor();
  });
});
