/**
 * The UI in a real Chromium, before a whole server on a port of its own. One browser serves a file of
 * tests; every test has a context, and so cookies, storage and addresses, to itself.
 *
 * What a page must never do fails the test that it happens in: an error in a script, one on the
 * console, a resource that its policy refuses.
 *
 *   test('inspector: what it promises', { skip: withoutBrowser }, async (t) => {
 *     const { page, app } = await openUi(t)
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after } from 'node:test'
import type { TestContext } from 'node:test'
import { chromium } from 'playwright-core'
import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  ConsoleMessage,
  Locator,
  Page,
} from 'playwright-core'
import { ADMIN_TOKEN, startApp } from './app.ts'
import type { TestApp } from './app.ts'

const CHROMIUM = '/usr/bin/chromium'
const BUILT = new URL('../../dist/web/index.html', import.meta.url)
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
/** Long enough for a machine that does much else; a test that passes never waits for it. */
const PATIENCE_MS = 20_000

/** The `skip` option of a test in a browser. */
export const withoutBrowser: string | false = existsSync(CHROMIUM) ? false : `no ${CHROMIUM}`

export type Ui = {
  readonly app: TestApp
  readonly page: Page
  /** Complaints that this test means to provoke: whatever meets the pattern is no failure. */
  readonly expect: (complaint: RegExp) => void
  /** Goes to a path of the UI. */
  readonly open: (path: string) => Promise<void>
}

type Options = BrowserContextOptions & {
  /** Settings of the server. */
  readonly env?: Readonly<Record<string, string>>
  /** A server that is there already. */
  readonly app?: TestApp
  /** Left out, the page is signed in. */
  readonly signedIn?: boolean
}

let browser: Promise<Browser> | undefined

after(async () => {
  if (browser) await (await browser).close()
})

/** Starts a server and opens a page on it, signed in by token and at the list of workflows. */
export async function openUi(t: TestContext, options: Options = {}): Promise<Ui> {
  assert.ok(existsSync(BUILT), 'The UI is not built: run node scripts/set-up.cjs')
  const { env, app: given, signedIn = true, ...contextOptions } = options
  const complaints: string[] = []
  const expected: RegExp[] = []
  const opened: BrowserContext[] = []
  // Before the server's own: a page whose server has gone complains.
  t.after(async () => {
    for (const context of opened) await context.close()
  })
  const app = given ?? (await startApp(t, env))
  // Behind it: a hook that fails keeps those after it from running.
  t.after(() => {
    const unexpected = complaints.filter((text) => !expected.some((known) => known.test(text)))
    assert.deepEqual(unexpected, [], 'The page complained')
  })
  browser ??= chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS })
  const context = await (
    await browser
  ).newContext({
    baseURL: app.url,
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    ...contextOptions,
  })
  opened.push(context)
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  watch(page, complaints)
  const ui: Ui = {
    app,
    page,
    expect: (complaint) => void expected.push(complaint),
    open: async (path) => void (await page.goto(path)),
  }
  if (signedIn) await signIn(page)
  return ui
}

/** By token, as a person does it. */
export async function signIn(page: Page): Promise<void> {
  await page.goto('/signin')
  await page.locator('input[name=token]').fill(ADMIN_TOKEN)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => url.pathname === '/')
  // The address changes before the page does.
  await page.locator('.shell').waitFor()
}

/** Replaces what a code editor holds. `fill` would have the browser itself write styled text into it. */
export async function writeCode(editor: Locator, text: string): Promise<void> {
  const page = editor.page()
  await editor.focus()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.press('Delete')
  await page.keyboard.insertText(text)
}

/** Waits until an element says what it should. */
export async function reads(place: Locator, text: string | RegExp): Promise<void> {
  await place.filter({ hasText: text }).first().waitFor()
}

/** Everything that a page should not say, from now on. */
function watch(page: Page, complaints: string[]): void {
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error')
      complaints.push(`console: ${message.text()} at ${placeOf(message)}`)
  })
}

function placeOf(message: ConsoleMessage): string {
  const { url, lineNumber, columnNumber } = message.location()
  return `${url}:${lineNumber}:${columnNumber}`
}
