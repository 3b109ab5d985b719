import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { base, call, declareQueue, deleteQueue, publish, until } from '../support/api.mjs';
import { row, textIs, visit } from '../support/browser.mjs';

const basic = (name, password) => 'Basic ' + Buffer.from(`${name}:${password}`).toString('base64');
/** The status that a user gets for a path. */
const status = async (name, password, path) =>
  (await fetch(base + path, { headers: { Authorization: basic(name, password) } })).status;
const dialog = (page) => page.getByRole('dialog');
const as = (name) => ({ authorization: basic(name, name) });
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
/** The notice that tells what an action came to. */
const told = (page, text) => page.locator('.notices').getByText(text).waitFor();

test('a user is added, let in, limited, changed and deleted', async () => {
  await declareQueue('adm.mine');
  await declareQueue('adm.other');
  await visit('/ui/users', {}, async (page) => {
    await press(page, 'Add user…');
    await dialog(page).getByLabel('Name').fill('adm.ann');
    await dialog(page).getByLabel('Password', { exact: true }).fill('first secret');
    await dialog(page).getByLabel('Password again').fill('another');
    await dialog(page)
      .getByLabel(/^management/)
      .check();
    await press(page, 'Add adm.ann');
    await page.getByText('The two passwords are not the same.').waitFor();
    await dialog(page).getByLabel('Password again').fill('first secret');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'adm.ann' }).waitFor();
    await page.getByText('He may open no virtual host').waitFor();
    assert.equal(await status('adm.ann', 'first secret', '/api/whoami'), 200);
    assert.equal(await status('adm.ann', 'first secret', '/api/queues/%2F'), 403);

    await press(page, 'Give permissions…');
    await dialog(page)
      .getByLabel(/^Configure/)
      .fill('^adm\\.m');
    await dialog(page)
      .getByText(/^Matches now 1 of \d+ queues: adm\.mine; 0 of \d+ exchanges$/)
      .waitFor();
    await dialog(page).getByLabel(/^Read/).fill('');
    await dialog(page).getByText('Matches nothing').waitFor();
    await press(page, 'Set permissions in /');
    await row(page, '^adm\\.m').waitFor();
    assert.deepEqual(await call('GET', '/api/users/adm.ann/permissions'), [
      { user: 'adm.ann', vhost: '/', configure: '^adm\\.m', write: '.*', read: '' },
    ]);
    assert.equal(await status('adm.ann', 'first secret', '/api/queues/%2F'), 200);

    await press(page, 'Edit… permissions in /');
    await dialog(page).getByLabel(/^Read/).fill('.*');
    await press(page, 'Set permissions in /');
    await until(async () => (await call('GET', '/api/permissions/%2F/adm.ann')).read === '.*', 'the change');

    await press(page, 'Limit a topic exchange…');
    await dialog(page)
      .getByLabel(/^Write/)
      .fill('^mail\\.');
    await press(page, 'Limit keys of amq.topic');
    await page.getByRole('table', { name: 'Topic permissions' }).waitFor();
    assert.equal((await call('GET', '/api/users/adm.ann/topic-permissions'))[0].write, '^mail\\.');

    await press(page, 'Limits…');
    await dialog(page).getByLabel('Connections at most').fill('many');
    await press(page, 'Set the limits');
    await page.getByText('Connections has to be a whole number, or empty for none.').waitFor();
    await dialog(page).getByLabel('Connections at most').fill('3');
    await press(page, 'Set the limits');
    await page.getByText('connections 3').waitFor();

    await press(page, 'Password…');
    await dialog(page).getByLabel('New password', { exact: true }).fill('second secret');
    await dialog(page).getByLabel('New password again').fill('second secret');
    await press(page, 'Set the password');
    await told(page, 'The password of adm.ann is set');
    assert.equal(await status('adm.ann', 'first secret', '/api/whoami'), 401);
    assert.equal(await status('adm.ann', 'second secret', '/api/whoami'), 200);

    await press(page, 'Tags…');
    await dialog(page)
      .getByLabel(/^monitoring/)
      .check();
    await dialog(page).getByLabel('Other tags').fill('team-mail');
    await press(page, 'Set the tags');
    await told(page, 'The tags of adm.ann are set');
    const changed = await call('GET', '/api/users/adm.ann');
    assert.deepEqual(changed.tags.sort(), ['management', 'monitoring', 'team-mail']);
    assert.equal(changed.limits['max-connections'], 3, 'what was not asked to change stays');

    await press(page, 'Take away… permissions in /');
    await press(page, 'Take all permissions in / away');
    await page.getByText('He may open no virtual host').waitFor();

    await press(page, 'Delete…');
    assert.ok(await page.getByRole('button', { name: 'Delete adm.ann' }).isDisabled());
    await dialog(page).getByLabel('Type adm.ann to confirm').fill('adm.ann');
    await press(page, 'Delete adm.ann');
    await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor();
    await row(page, 'guest').waitFor();
    assert.equal(await row(page, 'adm.ann').count(), 0);
  });
  assert.equal(await status('adm.ann', 'second secret', '/api/whoami'), 401);
  await visit('/ui/user?name=adm.ann', { expected: /404/ }, async (page) => {
    await page.getByText('He may have been deleted').waitFor();
  });
  await visit('/ui/user?name=guest', {}, async (page) => {
    await page.getByText('This is you').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Delete…' }).count(), 0);
  });
  await deleteQueue('adm.mine');
  await deleteQueue('adm.other');
});

test('a token is shown once, works as a password, and is taken back', async () => {
  let text = '';
  await visit('/ui/tokens', {}, async (page) => {
    await press(page, 'Make a token…');
    await dialog(page).getByLabel('What for').fill('adm nightly');
    await dialog(page).getByLabel('Ends after').selectOption('7 days');
    await press(page, 'Make a token for guest');
    text = await dialog(page).getByLabel('Token').inputValue();
    assert.ok(text.length > 20);
    assert.equal(await status('guest', text, '/api/whoami'), 200);
    await press(page, 'I have it');
    await textIs(row(page, 'adm nightly').locator('td').nth(4), 'in 6 d');
    assert.ok(!(await page.content()).includes(text), 'it is gone from the page');
    await press(page, 'Take back… adm nightly');
    await press(page, 'Take adm nightly back');
    await row(page, 'adm nightly').waitFor({ state: 'detached' });
  });
  assert.equal(await status('guest', text, '/api/whoami'), 401);
});

test('a virtual host is added, described, limited and deleted by its name', async () => {
  await visit('/ui/vhosts', {}, async (page) => {
    await press(page, 'Add virtual host…');
    await dialog(page).getByLabel('Name').fill('adm/a b');
    await dialog(page).getByLabel('Description').fill('for tests');
    await dialog(page).getByLabel('Tags').fill('one, two');
    await dialog(page).getByLabel('Default queue type').selectOption('quorum');
    await press(page, 'Add adm/a b');
    await page.getByRole('heading', { level: 1, name: 'adm/a b' }).waitFor();
    await page.getByText('for tests').waitFor();
    const made = await call('GET', '/api/vhosts/adm%2Fa%20b');
    assert.deepEqual([made.tags, made.default_queue_type], [['one', 'two'], 'quorum']);

    await call('PUT', '/api/queues/adm%2Fa%20b/inside', { durable: true });
    await textIs(page.locator('.fact', { hasText: 'Queues' }).locator('a'), '1');
    await press(page, 'Limits…');
    await dialog(page).getByLabel('Queues at most').fill('5');
    await press(page, 'Set the limits');
    await page.getByText('queues 5').waitFor();
    await press(page, 'Limits…');
    await dialog(page).getByLabel('Queues at most').fill('');
    await press(page, 'Set the limits');
    await until(async () => (await call('GET', '/api/vhost-limits/adm%2Fa%20b')).length === 0, 'no limit');
    await press(page, 'Change…');
    await dialog(page).getByLabel('Description').fill('changed');
    await press(page, 'Change adm/a b');
    await page.getByText('changed', { exact: true }).waitFor();

    await page.locator('.fact', { hasText: 'Queues' }).getByRole('link').click();
    await row(page, 'inside').waitFor();
    assert.equal(new URL(page.url()).search, '?vhost=adm%2Fa+b');
    assert.equal(await page.getByLabel('Virtual host').inputValue(), 'adm/a b');
    await page.goBack();
    await press(page, 'Delete…');
    await dialog(page).getByText('1 queue with 0 messages').waitFor();
    await dialog(page).getByRole('textbox').fill('adm/a b');
    await press(page, 'Delete adm/a b with 0 messages');
    await page.getByRole('heading', { level: 1, name: 'Virtual hosts' }).waitFor();
    await row(page, 'Default virtual host').waitFor();
    assert.equal(await row(page, 'adm/a b').count(), 0);
  });
});

test('a policy is added with a preview of what it matches, changed and deleted; an operator policy too', async () => {
  for (const name of ['pol.a', 'pol.b', 'POL.c']) await declareQueue(name);
  await visit('/ui/policies', { expected: /400/ }, async (page) => {
    await press(page, 'Add policy…');
    await dialog(page).getByLabel('Name').fill('pol.limits');
    await dialog(page).getByLabel('Pattern').fill('^pol\\.');
    await dialog(page)
      .getByText(/^Matches now 2 of \d+ queues: pol\.a, pol\.b; 0 of \d+ exchanges$/)
      .waitFor();
    await dialog(page).getByLabel('Applies to').selectOption('queues');
    await dialog(page)
      .getByLabel(/^What it sets/)
      .fill('{"max-length": ');
    await press(page, 'Add pol.limits');
    await page.getByText(/The definition is not JSON/).waitFor();
    await dialog(page)
      .getByLabel(/^What it sets/)
      .fill('{"max-length": "many"}');
    await press(page, 'Add pol.limits');
    await dialog(page)
      .getByRole('alert')
      .getByText(/is not a valid maximum length/)
      .waitFor();
    await dialog(page)
      .getByLabel(/^What it sets/)
      .fill('{}');
    await dialog(page).getByRole('button', { name: 'max-length', exact: true }).click();
    await press(page, 'Add pol.limits');
    await row(page, 'max-length: 10000').waitFor();
    await until(async () => (await call('GET', '/api/queues/%2F/pol.a')).policy === 'pol.limits', 'it applies');
    assert.notEqual((await call('GET', '/api/queues/%2F/POL.c')).policy, 'pol.limits');

    await row(page, 'pol.limits').getByRole('button', { name: 'pol.limits', exact: true }).click();
    await dialog(page).getByLabel('Priority').fill('7');
    await press(page, 'Change pol.limits');
    await until(async () => (await call('GET', '/api/policies/%2F/pol.limits')).priority === 7, 'the change');
    assert.deepEqual((await call('GET', '/api/policies/%2F/pol.limits')).definition, { 'max-length': 10000 });
    await press(page, 'Delete… pol.limits');
    await dialog(page)
      .getByText(/^Matches now 2 of/)
      .waitFor();
    await press(page, 'Delete pol.limits');
    await row(page, 'pol.limits').waitFor({ state: 'detached' });

    await page.getByRole('link', { name: 'Operator policies' }).click();
    await press(page, 'Add operator policy…');
    await dialog(page).getByLabel('Name').fill('pol.bound');
    await dialog(page).getByLabel('Pattern').fill('^pol\\.a$');
    await dialog(page).getByRole('button', { name: 'expires', exact: true }).click();
    await press(page, 'Add pol.bound');
    await row(page, 'pol.bound').waitFor();
    await until(async () => (await call('GET', '/api/queues/%2F/pol.a')).operator_policy === 'pol.bound', 'it applies');
    await page.reload();
    await press(page, 'Delete… pol.bound');
    await press(page, 'Delete pol.bound');
    await page.getByText('No operator policies yet').waitFor();
  });
  for (const name of ['pol.a', 'pol.b', 'POL.c']) await deleteQueue(name);
});

test('definitions are exported, and imported after it was said what would be done', async () => {
  await declareQueue('def.known');
  await declareQueue('def.other', { 'x-max-length': 9007199254740993n.toString().length });
  await visit('/ui/definitions', { expected: /400/ }, async (page) => {
    const download = async () => {
      const started = page.waitForEvent('download');
      await press(page, 'Export everything');
      const file = await started;
      assert.match(file.suggestedFilename(), /^definitions-127\.0\.0\.1\.json$/);
      return JSON.parse(await readFile(await file.path(), 'utf8'));
    };
    const whole = await download();
    assert.ok(whole.queues.some(({ name }) => name === 'def.known'));
    const hashOf = ({ users }) => users.find(({ name }) => name === 'guest');
    assert.ok(hashOf(whole).leveret_password_hash ?? hashOf(whole).password_hash);
    await page.getByLabel('With hashes of passwords').uncheck();
    const bare = await download();
    assert.equal(hashOf(bare).password_hash, '');
    assert.equal(hashOf(bare).leveret_password_hash, undefined);
    assert.deepEqual(bare.queues, whole.queues);

    const choose = (content) =>
      page
        .locator('input[type=file]')
        .setInputFiles({ name: 'wanted.json', mimeType: 'application/json', buffer: Buffer.from(content) });
    await choose('{"queues": [{"name": 1}]}');
    await page.getByText(/nothing was imported:/).waitFor();
    await choose('no JSON');
    await page.getByText(/That failed/).waitFor();

    const queue = (name, durable) => ({ name, vhost: '/', durable, auto_delete: false, arguments: {} });
    await choose(JSON.stringify({ queues: [queue('def.known', false), queue('def.new', true)] }));
    await page.getByText('1 to add · 0 to change · 0 the same · 1 in conflict').waitFor();
    await row(page, 'def.known').getByText('durable: true → false').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Import: add 1, change 0' }).isDisabled());
    assert.equal((await call('GET', '/api/queues?name=def.new')).length, 0, 'looking changes nothing');
    await page.getByLabel(/^Leave the 1 conflict/).check();
    await press(page, 'Import: add 1, change 0');
    await told(page, /^Imported wanted\.json: 1 to add/);
    assert.equal((await call('GET', '/api/queues/%2F/def.new')).durable, true);
    assert.equal((await call('GET', '/api/queues/%2F/def.known')).durable, true);

    await page.getByLabel('Of', { exact: true }).selectOption('virtual host /');
    const started = page.waitForEvent('download');
    await press(page, 'Export /');
    const one = JSON.parse(await readFile(await (await started).path(), 'utf8'));
    assert.equal(one.users, undefined);
    assert.ok(one.queues.some(({ name }) => name === 'def.new'));
  });
  for (const name of ['def.known', 'def.new', 'def.other']) await deleteQueue(name);
});

test('settings tell where they come from, and are set, unset and reloaded', async () => {
  await visit('/ui/settings?q=log_', { expected: /400/ }, async (page) => {
    await row(page, 'log_level').getByText('at once').waitFor();
    await press(page, 'log_level');
    await dialog(page).getByLabel('Value').fill('loud');
    await press(page, 'Set log_level');
    await dialog(page)
      .getByRole('alert')
      .getByText(/log_level/)
      .waitFor();
    await dialog(page).getByLabel('Value').fill('warn');
    await press(page, 'Set log_level');
    await told(page, 'log_level is now warn, was info');
    await row(page, 'set while running').waitFor();
    await page.getByLabel('Only changed ones').check();
    await page.getByText(/^1 of \d+ settings$/).waitFor();
    await press(page, 'Reload…');
    await press(page, 'Reload');
    await told(page, 'Nothing has changed');
    await press(page, 'Unset… log_level');
    await press(page, 'Unset log_level');
    await told(page, 'log_level is now info, was warn');
    await page.getByText('No setting matches').waitFor();
    await press(page, 'Show all');
    await row(page, 'amqp.port').waitFor();
    await row(page, '--amqp-port').waitFor();
  });
});

test('the overview tells what needs somebody, and nothing when nothing does', async () => {
  // What other tests have left would fill the list.
  for (const queue of await call('GET', '/api/queues?columns=name,vhost'))
    await call('DELETE', `/api/queues/${encodeURIComponent(queue.vhost)}/${encodeURIComponent(queue.name)}`);
  await declareQueue('over.idle');
  await publish('over.idle', 'waiting');
  await visit('/', {}, async (page) => {
    assert.equal(new URL(page.url()).pathname, '/ui/overview');
    await page.getByRole('link', { name: '1 message in over.idle and no consumer' }).waitFor();
    await page.getByRole('heading', { name: /^Node leveret@/ }).waitFor();
    await call('DELETE', '/api/queues/%2F/over.idle/contents');
    await page.getByRole('link', { name: /over\.idle/ }).waitFor({ state: 'detached' });
    assert.equal(await page.getByRole('region', { name: 'Alarm' }).count(), 0);
  });
  await deleteQueue('over.idle');
});

test('an alarm is told over every page, with its reason and what to do, until it is over', async () => {
  await declareQueue('alarm.jobs');
  await call('PUT', '/api/users/alarm.viewer', { password: 'alarm.viewer', tags: 'management' });
  await call('PUT', '/api/x/config/alarms.memory', { value: '1 MiB' });
  const publisher = spawn(
    '/usr/bin/python3',
    [
      '-c',
      `import pika, sys
parameters = pika.URLParameters(sys.argv[1])
parameters.client_properties = {"connection_name": "alarm publisher"}
connection = pika.BlockingConnection(parameters)
channel = connection.channel()
channel.basic_publish("", "alarm.jobs", b"held up")
while True:
    connection.process_data_events(0.1)`,
      `amqp://guest:guest@127.0.0.1:${process.env.LEVERET_AMQP}/%2F`,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  try {
    await visit('/ui/queues', {}, async (page) => {
      const banner = page.getByRole('region', { name: 'Alarm' });
      await banner.getByText(/The broker uses [\d.]+ MiB of memory, and may use 1 MiB\./).waitFor();
      await banner.getByText(/Let consumers catch up/).waitFor();
      if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/alarm.png` });
      await page.getByRole('link', { name: 'Exchanges' }).first().click();
      await page.getByRole('table', { name: 'Exchanges' }).waitFor();
      assert.ok(await banner.isVisible());
      await banner.getByRole('link', { name: 'Limits' }).click();
      await row(page, 'alarms.memory').waitFor();
      await banner.getByRole('link', { name: 'Blocked connections' }).click();
      await row(page, 'alarm publisher').getByText('blocked', { exact: true }).waitFor();
      await page.getByRole('link', { name: 'Overview' }).first().click();
      await page.getByRole('link', { name: '1 connection may not publish' }).waitFor();
      // One who may not see the node is told too, without its figures.
      await visit('/ui/queues', { ...as('alarm.viewer'), expected: /503/ }, async (other) => {
        await other.getByText('The broker uses more memory than it may.').waitFor();
      });
      await call('DELETE', '/api/x/config/alarms.memory');
      await banner.waitFor({ state: 'detached' });
    });
  } finally {
    publisher.kill();
    // Refused when it has been done, above.
    await call('DELETE', '/api/x/config/alarms.memory').catch(() => undefined);
    await call('DELETE', '/api/users/alarm.viewer');
    await deleteQueue('alarm.jobs');
  }
});

test('what a user may not do is not offered, and the server refuses it', async () => {
  await call('PUT', '/api/users/role.viewer', { password: 'role.viewer', tags: 'management' });
  await call('PUT', '/api/users/role.maker', { password: 'role.maker', tags: 'policymaker' });
  for (const name of ['role.viewer', 'role.maker'])
    await call('PUT', `/api/permissions/%2F/${name}`, { configure: '', write: '', read: '.*' });
  const links = (page) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
  const offered = async (page) => (await links(page).allTextContents()).filter((text) => text && text !== 'Admin');
  await visit('/ui/overview', as('role.viewer'), async (page) => {
    await page.getByRole('link', { name: 'Tokens' }).waitFor();
    assert.deepEqual(
      (await offered(page)).map((text) => text.replace(/[\d,]+.*$/, '')),
      ['Overview', 'Queues', 'Dead letters', 'Exchanges', 'Connections', 'Tokens', 'Virtual hosts', 'Policies'],
    );
    assert.equal(await page.getByRole('heading', { name: /^Node/ }).count(), 0);
    for (const path of ['/ui/users', '/ui/user?name=guest', '/ui/vhost?name=%2F', '/ui/definitions', '/ui/settings']) {
      await page.goto(base + path);
      await page.getByText('This page is for administrators').waitFor();
    }
    await page.goto(base + '/ui/policies');
    await page
      .getByText('No policies yet')
      .or(page.getByRole('table', { name: 'Policies' }))
      .waitFor();
    assert.equal(await page.getByRole('button', { name: /Add policy/ }).count(), 0);
    await page.goto(base + '/ui/vhosts');
    await row(page, '/').first().waitFor();
    assert.equal(await page.getByRole('button', { name: /Add virtual host/ }).count(), 0);
    await page.goto(base + '/ui/tokens');
    await press(page, 'Make a token…');
    assert.equal(await dialog(page).getByLabel('User').count(), 0);
  });
  await visit('/ui/policies', as('role.maker'), async (page) => {
    await press(page, 'Add policy…');
    await dialog(page).getByLabel('Name').fill('role.policy');
    await dialog(page).getByLabel('Pattern').fill('^role\\.');
    await dialog(page).getByRole('button', { name: 'max-length', exact: true }).click();
    await press(page, 'Add role.policy');
    await row(page, 'role.policy').waitFor();
    await page.getByRole('link', { name: 'Operator policies' }).click();
    await page.getByText('No operator policies yet').waitFor();
    assert.equal(await page.getByRole('button', { name: /Add operator policy/ }).count(), 0);
  });
  assert.equal(await status('role.viewer', 'role.viewer', '/api/users'), 403);
  await call('DELETE', '/api/policies/%2F/role.policy');
  for (const name of ['role.viewer', 'role.maker']) await call('DELETE', `/api/users/${name}`);
});
