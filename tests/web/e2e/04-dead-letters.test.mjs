import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browse, declarePair, declareQueue, deleteQueue, kill, publish, queue, until } from '../support/api.mjs';
import { deadPage, row, textIs, visit } from '../support/browser.mjs';

const depth = async (name) => (await queue(name)).messages_ready;
const mail = (n, error) => ({ payload: JSON.stringify({ mail: n }), headers: error ? { 'x-error': error } : {} });

test('dead letters are grouped by why they died; some are chosen and replayed to where they came from', async () => {
  await declarePair('mail', 'mail.dead');
  await kill(
    'mail',
    [1, 2, 3, 4, 5].map((n) => mail(n, `SMTP 451 retry in ${n * 10} s`)),
  );
  await kill(
    'mail',
    [6, 7].map((n) => mail(n, "KeyError: 'user'")),
  );
  await visit('/ui/dead-letters', {}, async (page) => {
    await page.getByRole('link', { name: /^mail\.dead/ }).click();
    const groups = page.getByRole('table', { name: /^Groups/ });
    await textIs(groups.locator('tbody tr').nth(0), (text) => /^5.*rejected.*mail.*SMTP # retry in # s/.test(text));
    await textIs(groups.locator('tbody tr').nth(1), (text) => /^2.*rejected.*mail.*KeyError: \{str\}/.test(text));
    assert.match(await page.title(), /^\(\d+\) Dead letters · mail\.dead · Leveret$/);

    const messages = page.getByRole('table', { name: 'Dead letters of mail.dead' });
    await groups.getByRole('link', { name: /KeyError/ }).click();
    await until(async () => (await messages.locator('tbody tr').count()) === 2, 'only the group is listed');
    await page.reload();
    await until(async () => (await messages.locator('tbody tr').count()) === 2, 'the group is in the address');
    await messages.getByLabel('Select all shown messages').check();
    await page.getByRole('button', { name: 'Replay 2 to mail…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Replay 2 messages' });
    await dialog.getByText('no consumer, 0 ready').waitFor();
    await dialog.getByRole('button', { name: 'Replay 2 to mail' }).click();
    await page.getByText('Replayed 2 messages to original queues').waitFor();
    await groups.getByRole('link', { name: /KeyError/ }).waitFor({ state: 'detached' });
  });
  assert.equal(await depth('mail'), 2);
  assert.equal(await depth('mail.dead'), 5);
  assert.deepEqual(
    (await browse('mail')).items.map((item) => item.payload),
    ['{"mail":6}', '{"mail":7}'],
  );
});

test('all that match are replayed to another queue, later arrivals are not', async () => {
  await declarePair('bulk', 'bulk.dead');
  await declareQueue('bulk.other');
  await kill(
    'bulk',
    Array.from({ length: 150 }, (_, n) => mail(n, 'boom')),
  );
  await visit(deadPage('bulk.dead'), {}, async (page) => {
    const messages = page.getByRole('table', { name: 'Dead letters of bulk.dead' });
    await messages.getByLabel('Select all shown messages').check();
    await page.getByText('100 selected').waitFor();
    await kill('bulk', [mail(999, 'later')]);
    await page.getByRole('button', { name: 'Select all 150 matching' }).click();
    await page.getByRole('button', { name: 'Replay 150 to bulk…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Replay 150 messages' });
    await dialog.getByLabel('Another queue').check();
    const target = dialog.getByLabel('Target queue');
    await target.fill('bulk.nowhere');
    await dialog.getByText('There is no such queue in this virtual host.').waitFor();
    assert.ok(await dialog.getByRole('button', { name: /^Replay 150/ }).isDisabled());
    await target.fill('bulk.other');
    await dialog.getByRole('button', { name: 'Replay 150 to bulk.other' }).click();
    await page.getByText('Replayed 150 messages to bulk.other').waitFor();
    await until(async () => (await messages.locator('tbody tr').count()) === 1, 'the later one stays');
  });
  assert.equal(await depth('bulk.other'), 150);
  assert.equal(await depth('bulk.dead'), 1);
  assert.equal(await depth('bulk'), 0);
});

test('what cannot be replayed stays, with its reason', async () => {
  await declarePair('gone', 'gone.dead');
  await kill('gone', [mail(1, 'boom')]);
  await deleteQueue('gone');
  // Another source keeps it a dead-letter queue.
  await declarePair('gone.too', 'gone.dead');
  await visit(deadPage('gone.dead'), {}, async (page) => {
    await page.getByLabel('Select message 1').check();
    await page.getByRole('button', { name: 'Replay 1 to gone…' }).click();
    await page.getByText('does not exist any more: these stay here').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Replay 1 to gone' }).click();
    const notice = page.locator('.notice', { hasText: '1 failed and stayed' });
    await notice.getByText('Why').click();
    await notice.getByText(/gone.*\(seq 1\)/).waitFor();
  });
  assert.equal(await depth('gone.dead'), 1);
});

test('a dead letter tells its whole story', async () => {
  await declarePair('story', 'story.dead');
  const trace = 'KeyError: \'user\'\n  File "worker.py", line 8';
  await kill('story', [
    {
      payload: '{"user":{"id":42}}',
      headers: { 'x-error': trace, attempt: 3, ok: true, nested: { list: [1, 'two'] } },
    },
  ]);
  await visit(deadPage('story.dead'), {}, async (page) => {
    const messages = page.getByRole('table', { name: 'Dead letters of story.dead' });
    await messages.locator('tbody tr', { hasText: 'KeyError' }).click();
    const panel = page.getByRole('complementary', { name: 'Message 1' });
    await textIs(panel.locator('.error-text'), trace);
    await panel.getByText('"id"').waitFor();
    const steps = panel.locator('.timeline li');
    assert.deepEqual(
      await steps.evaluateAll((items) => items.map((item) => item.className.replace('step step-', ''))),
      ['here', 'death', 'published'],
    );
    await textIs(steps.nth(1), (text) => /^rejected in story/.test(text));
    await panel.getByRole('row', { name: 'attempt int 3' }).waitFor();
    await panel.getByRole('row', { name: 'ok bool true' }).waitFor();
    await panel.getByRole('row', { name: /^nested table/ }).waitFor();
    await panel.getByRole('button', { name: 'Replay 1 to story' }).click();
    await page.getByText('Replayed 1 message to original queues').waitFor();
    await page.getByText('No dead letters here').waitFor();
  });
  const [message] = (await browse('story')).items;
  assert.equal(message.payload, '{"user":{"id":42}}');
  assert.equal(message.death, null);
});

test('everything works by keyboard', async () => {
  await declarePair('keys', 'keys.dead');
  await kill(
    'keys',
    [1, 2, 3].map((n) => mail(n, 'boom')),
  );
  await visit('/ui/queues', {}, async (page) => {
    await row(page, 'keys.dead').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('d');
    await page.getByRole('heading', { level: 1, name: 'Dead letters' }).waitFor();
    const link = page.getByRole('link', { name: /^keys\.dead/ });
    await link.waitFor();
    await link.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Open message 1', exact: true }).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.getByText('2 selected').waitFor();
    await page.keyboard.press('Space');
    await page.getByRole('complementary', { name: 'Message 3' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('complementary').waitFor({ state: 'detached' });
    await page.keyboard.press('r');
    await page.getByRole('dialog', { name: 'Replay 2 messages' }).waitFor();
    const replay = page.getByRole('button', { name: 'Replay 2 to keys', exact: true });
    await until(async () => {
      await page.keyboard.press('Tab');
      return replay.evaluate((button) => button === document.activeElement);
    }, 'Tab reaches the button');
    await page.keyboard.press('Enter');
    await page.getByText('Replayed 2 messages to original queues').waitFor();
  });
  assert.deepEqual(
    (await browse('keys')).items.map((item) => item.payload),
    ['{"mail":1}', '{"mail":3}'],
  );
});

test('new dead letters wait until they are asked for', async () => {
  await declarePair('calm', 'calm.dead');
  await kill('calm', [mail(1, 'boom')]);
  await visit(deadPage('calm.dead'), {}, async (page) => {
    const messages = page.getByRole('table', { name: 'Dead letters of calm.dead' });
    await messages.locator('tbody tr').first().waitFor();
    await kill('calm', [mail(2, 'boom'), mail(3, 'boom')]);
    const pill = page.getByRole('button', { name: '2 new' });
    await pill.waitFor();
    assert.equal(await messages.locator('tbody tr').count(), 1);
    await pill.click();
    await until(async () => (await messages.locator('tbody tr').count()) === 3, 'the new ones are shown');
  });
});

test('chosen messages are deleted after the name was typed', async () => {
  await declarePair('junk', 'junk.dead');
  await kill(
    'junk',
    [1, 2, 3].map((n) => mail(n, 'boom')),
  );
  await publish('junk.dead', 'put here by hand');
  await visit(deadPage('junk.dead'), {}, async (page) => {
    await page.getByLabel('Select message 2').check();
    await page.getByRole('button', { name: 'Delete 1…' }).click();
    await page.getByRole('dialog').getByRole('textbox').fill('junk.dead');
    await page.getByRole('button', { name: 'Delete 1 from junk.dead' }).click();
    await page.getByText('Deleted 1 message').waitFor();
    const messages = page.getByRole('table', { name: 'Dead letters of junk.dead' });
    await messages.locator('tbody tr', { hasText: 'published here' }).waitFor();
  });
  assert.deepEqual(
    (await browse('junk.dead')).items.map((item) => item.seq),
    [1, 3, 4],
  );
});
