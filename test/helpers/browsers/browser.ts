import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core';
import { findChromium } from '../../../scripts/find-program.js';
import { guardFolder, guardProcess, releaseFolder, releaseProcess } from '../servers/guard';

/** The `User-Agent` of a second device. */
export const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1';

const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Longer than a machine that is busy with all other tests takes. */
const TIMEOUT_MS = 60_000;
const TEST_TIMEOUT_MS = 180_000;

export interface TestBrowser {
  /** Opens a browser context with its own cookies. It's closed after the test, and waiting in it is limited to a minute. */
  open(options?: BrowserContextOptions): Promise<BrowserContext>;
}

/** One Chromium for the tests of a file. It ends with them, even if they crash. */
export function useBrowser(): TestBrowser {
  jest.setTimeout(TEST_TIMEOUT_MS);
  let running: RunningBrowser;
  const contexts: BrowserContext[] = [];
  beforeAll(async () => {
    running = await startBrowser();
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
  });
  afterAll(() => running.stop());
  return {
    async open(options = {}) {
      const context = await running.browser.newContext({
        locale: 'en-US',
        userAgent: USER_AGENT,
        ...options,
      });
      context.setDefaultTimeout(TIMEOUT_MS);
      contexts.push(context);
      return context;
    },
  };
}

const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

interface RunningBrowser {
  browser: Browser;
  stop(): Promise<void>;
}

/** Chromium gets a new folder, which is removed with it. */
async function startBrowser(): Promise<RunningBrowser> {
  const executablePath = findChromium();
  if (!executablePath) {
    throw new Error(
      'Chromium is missing: run `npm run setup`, or set CHROMIUM_PATH to the program of a Chromium',
    );
  }
  // Chromium refuses to start as root with a sandbox.
  const args = process.getuid?.() === 0 ? [...FLAGS, '--no-sandbox'] : FLAGS;
  const server = await chromium.launchServer({ executablePath, args, headless: true });
  const child = server.process();
  const pid = child.pid as number;
  const folder = child.spawnargs.find((arg) => arg.startsWith('--user-data-dir='))?.split('=')[1] as string;
  guardProcess(pid);
  guardFolder(folder);
  const browser = await chromium.connect(server.wsEndpoint());
  return {
    browser,
    async stop() {
      await browser.close();
      await server.kill(); // and its folder
      releaseProcess(pid);
      releaseFolder(folder);
    },
  };
}

/** Errors in a page that users wouldn't see. */
export interface PageErrors {
  readonly list: string[];
}

/** Console errors, exceptions and violations of the Content-Security-Policy, of all pages that are opened from now on. */
export async function collectPageErrors(context: BrowserContext): Promise<PageErrors> {
  const list: string[] = [];
  await context.exposeFunction('reportViolation', (violation: string) => list.push(`CSP: ${violation}`));
  await context.addInitScript(REPORT_VIOLATIONS);
  context.on('weberror', (error) => list.push(String(error.error())));
  context.on('console', (message) => {
    // Chromium logs each answer such as 401, which the page expects when a user makes a mistake or a session is over.
    if (/^Failed to load resource: the server responded with a status of 4/.test(message.text())) return;
    if (message.type() === 'error' || message.type() === 'warning') list.push(message.text());
  });
  return { list };
}

// A string, because the code runs in the page, and this program has no types for that.
const REPORT_VIOLATIONS =
  "addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => reportViolation(`${violatedDirective} ${blockedURI}`))";

export type { BrowserContext, Page };
