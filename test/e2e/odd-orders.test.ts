/** The UI where things happen out of order: the server is away, the workflow is gone, a part does not come. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import type { EventListWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { openUi, reads, signIn, withoutBrowser, writeCode } from '../support/browser.ts'

const skip = withoutBrowser
const pathOf = ({ id }: WorkflowWire) => `/workflows/${id}`
const rows = (page: Page) => page.getByRole('list', { name: 'Events' }).locator('a')
const note = [{ type: 'note', name: 'note', text: 'saved' }] as const

/** The page of a workflow with one event. */
async function openWithEvent(t: TestContext) {
  const ui = await openUi(t)
  const workflow = await ui.app.workflow(note)
  await ui.app.send(workflow, '/in')
  await ui.open(pathOf(workflow))
  await rows(ui.page).first().waitFor()
  return { ...ui, workflow }
}

test(
  'parts: one that does not come takes no text with it, and is there when it is asked for again',
  { skip },
  async (t) => {
    const { app, page, open, expect } = await openUi(t, { signedIn: false })
    expect(/ERR_FAILED/)
    const workflow = await app.workflow(note)
    await app.send(workflow, '/in')
    const parts = '**/assets/{test-dialog,delivery-panes,deliveries,menu-popup}-*.js'
    await page.route(parts, (route) => route.abort())
    await signIn(page)
    await open(pathOf(workflow))
    const text = page.getByRole('textbox', { name: 'Text of note' })
    await text.fill('typed for an hour')
    await page.keyboard.press('Escape')
    await page.locator('.wordmark').focus()
    await page.keyboard.press('t')
    await reads(page.locator('.notice'), 'Cannot load this part of the page')
    assert.equal(await text.inputValue(), 'typed for an hour')
    const more = page.getByRole('button', { name: 'More of this workflow' })
    await more.click()
    await page.locator('[aria-label="More of this workflow"][aria-expanded=false]').waitFor()
    await page.unroute(parts)
    await more.click()
    await page.getByRole('menuitem', { name: 'Discard changes' }).click()
    await page.locator('.wordmark').focus()
    await page.keyboard.press('t')
    await page.getByRole('dialog').waitFor()
  },
)

test(
  'pages: one that does not come says so in its place, and comes when it is asked for again',
  { skip },
  async (t) => {
    const { page, expect } = await openUi(t, { signedIn: false })
    expect(/ERR_FAILED/)
    await page.route('**/assets/destinations-*.js', (route) => route.abort())
    await signIn(page)
    await page.getByRole('link', { name: 'Destinations' }).click()
    await reads(page.getByRole('alert'), 'Cannot load this part of the page')
    await page.unroute('**/assets/destinations-*.js')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('A destination is listed once').waitFor()
  },
)

test(
  'parts: a code field whose editor does not come shows its text, and asks again',
  { skip },
  async (t) => {
    const { app, page, open, expect } = await openUi(t, { signedIn: false })
    expect(/ERR_FAILED/)
    const workflow = await app.workflow([{ type: 'code', name: 'code', code: 'console.log(7)' }])
    await page.route('**/assets/mount-*.js', (route) => route.abort())
    await signIn(page)
    await open(pathOf(workflow))
    await reads(page.getByRole('alert'), 'Cannot load this part of the page')
    await reads(page.locator('.code-waiting'), 'console.log(7)')
    await page.unroute('**/assets/mount-*.js')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('textbox', { name: 'Code of code' }).waitFor()
  },
)

test(
  'offline: a browser without a network still reads from a server on its machine',
  { skip },
  async (t) => {
    const { page } = await openWithEvent(t)
    await page.evaluate("dispatchEvent(new Event('offline'))")
    await rows(page).first().click()
    await page.getByRole('button', { name: 'Replay' }).click()
    await reads(page.getByRole('region', { name: 'Selected event' }), 'replay of')
  },
)

test(
  'offline: what cannot be read says so, and never that there is nothing',
  { skip },
  async (t) => {
    const { page, expect } = await openWithEvent(t)
    expect(/ERR_FAILED|ERR_INTERNET_DISCONNECTED/)
    await page.route('**/api/v1/workflows/*/events?*', (route) => route.abort())
    await page.getByRole('searchbox').fill('in')
    await reads(page.getByRole('alert'), 'Cannot reach the server')
    assert.equal(await page.getByText('No event meets this search.').count(), 0)
    await page.unroute('**/api/v1/workflows/*/events?*')
    await page.getByRole('searchbox').fill('/in')
    await reads(rows(page).first(), '/in')
  },
)

test(
  'workflow: deleted elsewhere, the page says so, and what was typed can be made a new one',
  { skip },
  async (t) => {
    const { app, page, open, expect } = await openUi(t)
    expect(/404 \(Not Found\)/)
    const workflow = await app.workflow(note)
    await open(pathOf(workflow))
    const text = page.getByRole('textbox', { name: 'Text of note' })
    await text.fill('typed for an hour')
    await app.api.call('DELETE', pathOf(workflow))
    await page.keyboard.press('ControlOrMeta+s')
    const alert = page.getByRole('alert')
    await reads(alert, 'This workflow was deleted')
    await alert.getByRole('button', { name: 'Make a new one of it' }).click()
    await page.waitForURL((url) => url.pathname !== pathOf(workflow))
    await reads(page.locator('.saved-text'), 'v1')
    assert.equal(await text.inputValue(), 'typed for an hour')
    assert.equal(await page.getByRole('button', { name: /^Save/ }).isDisabled(), true)
  },
)

test(
  'action: a URL that is being typed is not called missing, and one that is saved without is',
  { skip },
  async (t) => {
    const { app, page, open, expect } = await openUi(t)
    expect(/400 \(Bad Request\)/)
    const workflow = await app.workflow(note)
    await open(pathOf(workflow))
    await page.getByRole('button', { name: 'Add a step after note' }).click()
    const checked = page.waitForResponse('**/api/v1/check')
    await page.getByRole('menuitem', { name: /^Webhook/ }).click()
    const url = page.getByRole('combobox', { name: 'URL' })
    await checked
    const card = page.locator('.card', { has: url })
    assert.match(await card.innerText(), /not saved/)
    await page.keyboard.press('ControlOrMeta+s')
    await reads(card, 'url is required')
    assert.equal(await url.getAttribute('aria-invalid'), 'true')
    await url.fill('h')
    await reads(card, 'not saved')
    assert.doesNotMatch(await card.innerText(), /url is required/)
  },
)

test(
  'late: an answer to what was asked on a page leads nobody back who has left it',
  { skip },
  async (t) => {
    const { page } = await openWithEvent(t)
    await rows(page).first().click()
    const left = Promise.withResolvers<void>()
    await page.route('**/replay', async (route) => {
      const response = await route.fetch()
      await left.promise
      await route.fulfill({ response })
    })
    await page.getByRole('button', { name: 'Replay' }).click()
    await page.locator('.wordmark').click()
    await page.getByRole('link', { name: 'Test', exact: true }).waitFor()
    left.resolve()
    await reads(page.locator('.notice'), 'Replayed as')
    assert.equal(new URL(page.url()).pathname, '/')
  },
)

test('back: closes the dialog first, and is a way back the next time', { skip }, async (t) => {
  const { page } = await openWithEvent(t)
  await rows(page).first().click()
  await page.waitForURL((url) => url.searchParams.has('event'))
  await page.getByRole('button', { name: 'Replay' }).waitFor()
  await page.keyboard.press('t')
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  await page.goBack()
  await dialog.waitFor({ state: 'detached' })
  // The browser had gone back before the page was asked, and is led forth again.
  await page.waitForURL((url) => url.searchParams.has('event'))
  await page.goBack()
  await page.waitForURL((url) => !url.searchParams.has('event'))
})

test('steps: deleting one by the keyboard leads to the way back to it', { skip }, async (t) => {
  const { app, page, open } = await openUi(t)
  const workflow = await app.workflow([...note, { type: 'note', name: 'two', text: 'second' }])
  await open(pathOf(workflow))
  await page.getByRole('button', { name: 'Actions of note' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'Rename' }).and(page.locator(':focus')).waitFor()
  await page.keyboard.press('End')
  await page.getByRole('menuitem', { name: 'Delete' }).and(page.locator(':focus')).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Undo' }).and(page.locator(':focus')).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: 'Text of note' }).waitFor()
})

test(
  'settings: a key of many lines keeps them, and a time limit of a second and a half stands',
  { skip },
  async (t) => {
    const { app, page, open } = await openUi(t, {
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    const key = '-----BEGIN KEY-----\nabc\n-----END KEY-----\n'
    const workflow = await app.workflow(
      [{ type: 'code', name: 'code', code: 'return process.env.KEY' }],
      { timeoutMs: 1_500 },
    )
    await open('/settings')
    await page.getByLabel('Name').first().fill('KEY')
    const value = page.getByLabel('Value')
    await value.focus()
    await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(key)})`)
    await page.keyboard.press('ControlOrMeta+v')
    await page.locator('textarea').waitFor()
    assert.equal(await value.inputValue(), key)
    await page.getByRole('button', { name: 'Set', exact: true }).click()
    await reads(page.getByRole('status'), 'Set KEY')
    await open(pathOf(workflow))
    await page.getByRole('button', { name: 'More of this workflow' }).click()
    await page.getByRole('menuitem', { name: 'Settings' }).click()
    await page.getByLabel('Memory of a run, in MB').fill('100')
    await page.getByRole('button', { name: 'Save settings' }).click()
    await reads(page.getByRole('status'), 'Saved as v2')
  },
)

test(
  'selection: what was opened in the $event of one is open in that of the next',
  { skip },
  async (t) => {
    const { app, page, open } = await openUi(t)
    const workflow = await app.workflow(note)
    for (const which of ['one', 'two']) {
      await app.send(workflow, `/${which}`, { headers: { 'x-which': which } })
    }
    await open(pathOf(workflow))
    await reads(rows(page).nth(1), '/one')
    await rows(page).first().click()
    const event = page.getByRole('list', { name: '$event' })
    await event.getByRole('button', { name: /^headers/ }).click()
    await reads(event, '"two"')
    await page.keyboard.press('j')
    await reads(event, '"one"')
  },
)

test(
  'save: with an event selected, who types on after it types into the same field',
  { skip },
  async (t) => {
    const { app, page, open } = await openUi(t)
    const workflow = await app.workflow([{ type: 'code', name: 'code', code: 'return 1' }])
    await app.send(workflow, '/in')
    await app.settled(workflow)
    await open(pathOf(workflow))
    await rows(page).first().click()
    const code = page.getByRole('textbox', { name: 'Code of code' })
    await writeCode(code, 'return 2')
    await page.keyboard.press('ControlOrMeta+s')
    await reads(page.getByRole('status'), 'Saved as v2')
    await reads(page.locator('.old-steps'), 'The steps as they are now, with what v1 did.')
    await page.keyboard.type(' + 3 // r')
    await reads(code, 'return 2 + 3 // r')
    const { data } = await app.api.call<EventListWire>('GET', `${pathOf(workflow)}/events`)
    assert.equal(data.length, 1)
    await page.getByRole('button', { name: 'Show v1' }).click()
    await reads(page.locator('.old-steps'), 'The steps as they were in v1.')
    await page.getByRole('button', { name: 'Edit v2' }).click()
    await reads(code, 'return 2 + 3 // r')
  },
)

test(
  'selection: while the next event is read, the steps and the place among them stay',
  { skip },
  async (t) => {
    const { app, page, open } = await openUi(t, { viewport: { width: 1440, height: 420 } })
    const workflow = await app.workflow([
      { type: 'code', name: 'code', code: `console.log($event.path)${'\n'.repeat(30)}` },
    ])
    for (const path of ['/one', '/two']) await app.send(workflow, path)
    await app.settled(workflow)
    await open(pathOf(workflow))
    await reads(rows(page).nth(1), '/one')
    const pane = page.locator('.run-pane')
    const code = page.getByRole('textbox', { name: 'Code of code' })
    await code.evaluate((element) => element.setAttribute('data-mine', ''))
    await rows(page).first().click()
    await reads(pane, /ms\s*\/two/)
    await pane.evaluate((element) => element.scrollTo(0, 500))
    const asked = Promise.withResolvers<void>()
    const answered = Promise.withResolvers<void>()
    await page.route('**/api/v1/events/*', async (route) => {
      const response = await route.fetch()
      asked.resolve()
      await answered.promise
      await route.fulfill({ response })
    })
    await page.keyboard.press('j')
    await asked.promise
    await pane.locator('.run-body[inert]').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Replay' }).count(), 0)
    answered.resolve()
    await reads(pane, /ms\s*\/one/)
    await page.getByRole('button', { name: 'Replay' }).waitFor()
    assert.equal(await pane.evaluate((element) => element.scrollTop), 500)
    assert.equal(await code.getAttribute('data-mine'), '')
  },
)
