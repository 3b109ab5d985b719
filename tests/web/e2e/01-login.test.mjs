import assert from 'node:assert/strict';
import { test } from 'node:test';
import { row, visit } from '../support/browser.mjs';
import { declareQueue } from '../support/api.mjs';

async function logIn(page, user, password) {
  await page.getByLabel('User').fill(user);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

test('the login lies over the page that was asked for and goes on with it', async () => {
  await declareQueue('login.jobs');
  await visit('/ui/queues?q=login', { login: false, expected: /401/ }, async (page) => {
    const dialog = page.getByRole('dialog', { name: 'Log in to Leveret' });
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    assert.ok(await dialog.isVisible(), 'Escape does not leave the login');
    await logIn(page, 'guest', 'wrong');
    await page.getByText('The user or the password is not right.').waitFor();
    await logIn(page, 'guest', 'guest');
    await row(page, 'login.jobs').waitFor();
    assert.ok(!(await dialog.isVisible()));
    assert.equal(new URL(page.url()).search, '?q=login');
  });
});

test('a reload keeps the login, logging out ends it, and it is kept nowhere else', async () => {
  await visit('/', { login: false }, async (page) => {
    await logIn(page, 'guest', 'guest');
    await page.getByRole('button', { name: 'guest – log out' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'guest – log out' }).waitFor();
    assert.equal(await page.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie), '{}');
    await page.getByRole('button', { name: 'guest – log out' }).click();
    await page.getByRole('dialog', { name: 'Log in to Leveret' }).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.getItem('leveret.authorization')), null);
  });
});

test("RabbitMQ's address of a queue leads to its page", async () => {
  await declareQueue('login/old bookmark');
  await visit('/#/queues/%2F/login%2Fold%20bookmark', {}, async (page) => {
    await page.getByRole('heading', { level: 1, name: 'login/old bookmark' }).waitFor();
  });
});
