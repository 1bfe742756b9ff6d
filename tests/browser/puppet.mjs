// One browser page that takes orders, a line of JSON each, and answers each with a line of JSON.
// The acceptance tests in Rust give the orders, because they also listen to what the desk plays.
import { createInterface } from 'node:readline';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

// The distribution's browser where there is one, else the one that Playwright installed.
const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync);
// The sandbox needs rights that a test machine's root user does not have.
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
const errors = [];
page.on('pageerror', (error) => errors.push(String(error)));
page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));

const orders = {
  open: ({ url }) => page.goto(url).then(() => null),
  run: ({ script }) => page.evaluate(`(async () => { ${script} })()`),
  press: ({ key }) => (key.length > 1 || key === ' ' ? page.keyboard.press(key) : page.keyboard.insertText(key)),
  drag: async ({ from: [x, y], to: [toX, toY] }) => {
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(toX, toY, { steps: 10 });
    await page.mouse.up();
  },
  screenshot: ({ path }) => page.screenshot({ path }).then(() => null),
  errors: () => errors.splice(0),
};

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  try {
    const value = await orders[order.do](order);
    console.log(JSON.stringify({ value: value ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
await browser.close();
