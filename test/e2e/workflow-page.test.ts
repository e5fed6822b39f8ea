/** The workflow page in a browser: the keyboard, testing, versions, other people's saves, many sends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import type { EventListWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { isAccessible } from '../support/axe.ts'
import { openUi, reads, withoutBrowser, writeCode } from '../support/browser.ts'
import { startReceiver } from '../support/receiver.ts'
import type { Script } from '../support/receiver.ts'
import { until } from '../support/until.ts'
import type { TestContext } from 'node:test'

const skip = withoutBrowser
const rows = (page: Page) => page.getByRole('list', { name: 'Events' }).locator('a')
const steps = (page: Page) => page.getByRole('list', { name: 'Steps' })
const pathOf = ({ id }: WorkflowWire) => `/workflows/${id}`

async function receiverFor(t: TestContext, script?: Script) {
  const receiver = await startReceiver(script)
  t.after(() => receiver.close())
  return receiver
}

/** Waits until it stands within what the window shows. */
async function isSeen(place: Locator): Promise<void> {
  await until(async () => {
    const box = await place.boundingBox()
    return box !== null && box.y > 100 && box.y + box.height < 900
  })
}

test(
  'keyboard: an event is found, opened, replayed and left without a mouse',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    const workflow = await app.workflow([
      { type: 'code', name: 'greet', code: 'console.log("hello", $event.path)' },
    ])
    for (const path of ['/first', '/second']) await app.send(workflow, path)
    await app.settled(workflow)
    await open(pathOf(workflow))
    await reads(rows(page).nth(1), '/first')
    await page.keyboard.press('Tab')
    await page
      .getByRole('button', { name: 'Skip to content' })
      .and(page.locator(':focus'))
      .waitFor()
    await page.keyboard.press('Enter')
    await page.locator('main:focus').waitFor()
    await page.keyboard.press('j')
    await reads(steps(page), 'hello /second')
    await page.keyboard.press('j')
    await reads(steps(page), 'hello /first')
    await page.keyboard.press('Enter')
    await page.locator('#run-pane:focus').waitFor()
    await page.keyboard.press('r')
    await reads(page.getByRole('region', { name: 'Selected event' }), 'replay of')
    await reads(rows(page).nth(2), '/first')
    await page.keyboard.press('Escape')
    await page.waitForURL((url) => !url.searchParams.has('event'))
    await page.keyboard.press('/')
    await page.getByRole('button', { name: 'version:1', exact: true }).click()
    await page.getByRole('button', { name: 'Remove the filter version:1' }).click()
    await page.keyboard.press('/')
    await page.keyboard.type('second')
    await page.waitForURL((url) => url.searchParams.get('q') === 'second')
    await rows(page).nth(1).waitFor({ state: 'detached' })
    await reads(rows(page).first(), '/second')
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await reads(page.getByRole('dialog'), 'Test event')
  },
)

test(
  'keyboard: a step is added, written, and left by Escape and Tab, then saved',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    const workflow = await app.workflow([])
    await open(pathOf(workflow))
    await page.getByRole('button', { name: 'Add a step to this workflow' }).focus()
    await page.keyboard.press('Enter')
    await page
      .getByRole('menuitem', { name: 'Run Node.js code' })
      .and(page.locator(':focus'))
      .waitFor()
    await page.keyboard.press('Enter')
    await page.locator('.cm-editor.cm-focused').waitFor()
    await page.keyboard.type('return 1')
    await page.keyboard.press('Escape') // closes what completion offers, if it does
    await page.keyboard.press('Escape')
    await page.keyboard.press('Tab')
    await page
      .getByRole('button', { name: 'Add a step after nodejs' })
      .and(page.locator(':focus'))
      .waitFor()
    await page.keyboard.press('Control+s')
    await reads(page.getByRole('status'), 'Saved as v2')
    const saved = await app.api.call<WorkflowWire>('GET', `/workflows/${workflow.id}`)
    assert.deepEqual(saved.steps, [{ type: 'code', name: 'nodejs', code: 'return 1' }])
  },
)

test(
  'live: a pause holds new events back and counts them, live lets them in',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    const workflow = await app.workflow([])
    await open(pathOf(workflow))
    await app.send(workflow, '/one')
    await reads(rows(page).first(), '/one')
    await page.getByRole('button', { name: 'Pause' }).click()
    for (const path of ['/two', '/three']) await app.send(workflow, path)
    await reads(page.getByRole('button', { name: 'Pause' }), '2')
    assert.equal(await rows(page).count(), 1)
    await page.getByRole('button', { name: 'Live' }).click()
    await rows(page).nth(2).waitFor()
    await reads(rows(page).first(), '/three')
  },
)

test(
  'live: what happens between the first look and the stream is not missed',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    const workflow = await app.workflow([])
    const { promise: mayOpen, resolve: letOpen } = Promise.withResolvers<void>()
    await page.route('**/live', async (route) => {
      await mayOpen
      await route.continue()
    })
    await open(pathOf(workflow))
    await page.getByText('No events yet').waitFor()
    await app.send(workflow, '/meanwhile')
    await app.settled(workflow)
    letOpen()
    await reads(rows(page).first(), '/meanwhile')
  },
)

test(
  'live: a tab that is not seen lets go of its stream, and reads anew when it is seen again',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    const workflow = await app.workflow([])
    await page.clock.install()
    let opened = 0
    const isStream = (request: { url(): string }) => request.url().endsWith('/live')
    page.on('request', (request) => void (isStream(request) && opened++))
    const closed = page.waitForEvent('requestfailed', { predicate: isStream })
    const turn = async (state: 'hidden' | 'visible') => {
      await page.evaluate(`
        Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))`)
    }
    await open(pathOf(workflow))
    await app.send(workflow, '/one')
    await reads(rows(page).first(), '/one')
    await turn('hidden')
    await page.clock.fastForward(6_000)
    await closed
    await app.send(workflow, '/two')
    await turn('visible')
    await reads(rows(page).first(), '/two')
    await app.send(workflow, '/three')
    await reads(rows(page).first(), '/three')
    assert.equal(opened, 2)
  },
)

test(
  'bulk: events are chosen by key, box and range, or all that match, and replayed; a reload finds the job',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    const workflow = await app.workflow([{ type: 'code', code: 'return $context.replay_of' }])
    for (const n of [1, 2, 3, 4, 5, 6]) await app.send(workflow, n > 4 ? '/other' : `/n${n}`)
    await app.settled(workflow)
    const replays = async (): Promise<string[]> => {
      const path = `/workflows/${workflow.id}/events?limit=200`
      const { data } = await app.api.call<EventListWire>('GET', path)
      return data.filter((row) => row.replayOf !== null).map((row) => row.path)
    }
    await open(pathOf(workflow))
    await reads(rows(page).nth(5), '/n1')
    const chosen = page.getByRole('group', { name: 'Selected events' })
    const bar = page.getByRole('region', { name: 'Work in bulk' })
    await rows(page).nth(2).click()
    await page.locator('[data-row][aria-current=true]').waitFor()
    await page.keyboard.press('x')
    await reads(chosen, '1 event selected')
    await rows(page)
      .nth(4)
      .click({ modifiers: ['Shift'] })
    await reads(chosen, '3 events selected')
    await page.getByRole('checkbox', { name: /\/n3$/ }).click()
    await reads(chosen, '2 events selected')
    await isAccessible(page)
    await page.keyboard.press('r')
    await page.keyboard.press('Enter')
    await reads(bar, 'Replayed 2 events')
    assert.deepEqual((await replays()).toSorted(), ['/n2', '/n4'])
    await page.reload()
    await reads(bar, 'Replayed 2 events')
    await bar.getByRole('button', { name: 'Close' }).click()
    await bar.waitFor({ state: 'detached' })

    await page.getByRole('searchbox').fill('other')
    await rows(page).nth(2).waitFor({ state: 'detached' })
    await page
      .getByRole('checkbox', { name: /\/other$/ })
      .first()
      .check()
    await chosen.getByRole('button', { name: 'Select all 2 that match' }).click()
    await reads(chosen, 'All 2 events selected')
    await chosen.getByRole('button', { name: 'Replay on original' }).click()
    await reads(bar, 'Replayed 2 events')
    assert.equal((await replays()).filter((path) => path === '/other').length, 2)
    await rows(page).nth(3).waitFor()
    assert.equal(await chosen.count(), 0)
  },
)

test(
  'test: a dry run shows what unsaved steps would send, and sends nothing',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    const receiver = await receiverFor(t)
    const call = (path: string) => `$send.http({ method: "POST", url: "${receiver.url(path)}" })`
    const workflow = await app.workflow([{ type: 'code', name: 'send', code: call('/saved') }])
    await app.send(workflow, '/real', { body: '{"a": 1}' })
    await app.settled(workflow)
    await open(pathOf(workflow))
    await rows(page).first().click()
    await reads(steps(page), '/saved')
    await writeCode(page.getByRole('textbox', { name: 'Code of send' }), call('/unsaved'))
    await page.getByRole('heading', { level: 1 }).click({ position: { x: 1, y: 1 } })
    await page.locator('#run-pane').focus()
    await page.keyboard.press('t')
    const dialog = page.getByRole('dialog', { name: 'Test event' })
    assert.equal(
      await dialog.getByRole('textbox', { name: 'Path and query' }).inputValue(),
      '/real',
    )
    await dialog.getByRole('textbox', { name: 'Body' }).fill('{"a": 2}')
    await dialog.getByRole('button', { name: 'Dry run' }).click()
    const head = page.getByRole('region', { name: 'Dry run' })
    await reads(head.getByRole('status'), 'The event was edited. 1 step differs')
    await reads(page.getByRole('table', { name: '$event, recorded and edited' }), '"a": 2')
    await head.getByRole('button', { name: 'Dry run', exact: true }).click()
    await reads(steps(page), /\/unsaved\s*→\s*captured/)
    await page.getByRole('button', { name: 'Recorded run' }).click()
    await reads(steps(page), /\/saved\s*→\s*200/)
    assert.equal(receiver.requests.length, 1)
    const { version } = await app.api.call<WorkflowWire>('GET', `/workflows/${workflow.id}`)
    assert.equal(version, 1)
  },
)

test(
  'test: a made-up event is kept as it was left, sent for real, and its page opens',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    const workflow = await app.workflow([
      { type: 'code', name: 'see', code: 'console.log($context.test, $event.body.order)' },
    ])
    await open(pathOf(workflow))
    await page.getByRole('button', { name: 'Test', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Test event' }).click()
    const body = page.getByRole('textbox', { name: 'Body' })
    await body.fill('{ "order": 43 }')
    await page.keyboard.press('Escape')
    await body.waitFor({ state: 'detached' })
    await page.keyboard.press('t')
    assert.equal(await body.inputValue(), '{ "order": 43 }')
    await page.getByRole('button', { name: 'Keep as sample' }).click()
    await page.getByRole('button', { name: 'Send for real' }).click()
    await page.waitForURL((url) => url.searchParams.has('event'))
    await reads(steps(page), 'true 43')
  },
)

test(
  'save: a version that was saved elsewhere is never written over unasked',
  { skip },
  async (t) => {
    const { page, app, open, expect } = await openUi(t)
    expect(/409 \(Conflict\)/)
    const workflow = await app.workflow([{ type: 'code', name: 'one', code: 'return "base"' }])
    const stored = () => app.api.call<WorkflowWire>('GET', `/workflows/${workflow.id}`)
    await open(pathOf(workflow))
    const code = page.getByRole('textbox', { name: 'Code of one' })
    await writeCode(code, 'return "mine"')
    const theirs = [{ type: 'code', name: 'one', code: 'return "theirs"' }]
    await app.api.call('PATCH', `/workflows/${workflow.id}`, { steps: theirs })
    await page.keyboard.press('Control+s')
    await reads(page.getByRole('alert'), 'v2 was saved elsewhere')
    await reads(code, 'mine')
    assert.deepEqual((await stored()).steps, theirs)
    await page.getByRole('button', { name: 'More of this workflow' }).click()
    await page.getByRole('menuitem', { name: 'Settings' }).click()
    await page.getByLabel('Time limit of a run, in seconds').fill('20')
    await page.getByRole('button', { name: 'Save settings' }).click()
    await reads(page.getByRole('alert'), 'v3 was saved elsewhere')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Keep mine over it' }).click()
    await page.keyboard.press('Control+s')
    await reads(page.getByRole('status'), 'Saved as v4')
    assert.match(JSON.stringify((await stored()).steps), /mine/)
  },
)

test(
  'versions: what changed is shown, and an earlier one comes back as the next',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    const workflow = await app.workflow([{ type: 'code', name: 'one', code: 'return 1' }])
    const steps = [{ type: 'code', name: 'one', code: 'return 2' }]
    await app.api.call('PATCH', `/workflows/${workflow.id}`, { steps })
    await open(pathOf(workflow))
    await page.getByRole('button', { name: 'v2' }).click()
    const dialog = page.getByRole('dialog', { name: 'Versions' })
    await reads(dialog, 'From v1 to v2')
    await reads(dialog.getByRole('region', { name: 'Differences' }), /return 1[\s\S]*return 2/)
    await dialog.getByRole('button', { name: 'Revert to v1' }).click()
    await reads(page.getByRole('status'), 'v3 is v1 again')
    await reads(page.getByRole('textbox', { name: 'Code of one' }), 'return 1')
    for (let n = 4; n <= 23; n++) {
      const body = { steps: [{ type: 'code', name: 'one', code: `return ${n}` }] }
      await app.api.call('PATCH', `/workflows/${workflow.id}`, body)
    }
    await open(pathOf(workflow))
    await page.getByRole('button', { name: 'v23' }).click()
    const list = dialog.getByRole('list', { name: 'Versions' })
    await reads(list, 'v4')
    assert.equal(await list.getByRole('button', { name: /^v1\D/ }).count(), 0)
    await list.getByRole('button', { name: 'Show older ones' }).click()
    await list.getByRole('button', { name: /^v1\D/ }).click()
    await reads(dialog, 'From v1 to v23')
  },
)

test('leaving: unsaved changes are asked about once', { skip }, async (t) => {
  const { page, app, open } = await openUi(t)
  const workflow = await app.workflow([{ type: 'note', text: 'one' }])
  await open(pathOf(workflow))
  await page.getByRole('textbox', { name: 'Text of note' }).fill('two')
  await page.getByRole('link', { name: 'Sendoff', exact: true }).click()
  const question = page.getByRole('alertdialog', { name: 'Leave without saving?' })
  await question.getByRole('button', { name: 'Stay' }).click()
  await question.waitFor({ state: 'detached' })
  assert.equal(await page.getByRole('textbox', { name: 'Text of note' }).inputValue(), 'two')
  await page.getByRole('link', { name: 'Sendoff', exact: true }).click()
  await question.getByRole('button', { name: 'Leave' }).click()
  await page.waitForURL((url) => url.pathname === '/')
})

test(
  'many sends: a thousand of one step are all there, and few of them are drawn',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    const receiver = await receiverFor(t)
    const code = `for (let i = 0; i < 1000; i++) $send.http({ method: "POST", url: "${receiver.url('/')}" + i })`
    const workflow = await app.workflow([{ type: 'code', name: 'flood', code }])
    await app.send(workflow)
    const { id, deliveries } = await app.settled(workflow)
    await open(pathOf(workflow))
    await rows(page).first().click()
    const list = page.getByRole('region', { name: 'Deliveries of flood' })
    await reads(list, '[0]')
    await list.evaluate((scroller) =>
      (scroller as unknown as { scrollTo(x: number, y: number): void }).scrollTo(0, 1e6),
    )
    await reads(list, '[999]')
    assert.ok((await list.locator('li').count()) < 100)
    await open(`${pathOf(workflow)}?event=${id}&delivery=${deliveries[700]!.id}`)
    await isSeen(page.locator('.delivery-line[aria-expanded=true]').filter({ hasText: '[700]' }))
  },
)

test(
  'accessibility: the page has no violation that axe finds, in whatever state it is',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    const receiver = await receiverFor(t, () => ({ status: 500, body: '{"a":1}' }))
    const workflow = await app.workflow([
      { type: 'code', name: 'greet', code: '$event.x = 1\nconsole.error("no")\nreturn { a: 1 }' },
      { type: 'webhook', name: 'hook', url: receiver.url('/a'), payload: '$event.body' },
      { type: 'note', text: 'Hello' },
      { type: 'code', name: 'fail', code: 'throw new Error("oh no")' },
    ])
    await app.send(workflow, '/orders', { body: '{"order": 42}' })
    await app.settled(workflow)
    await open(pathOf(workflow))
    await page.locator('.cm-editor').nth(2).waitFor()
    await page.getByRole('button', { name: 'Add a step before greet' }).click()
    await page.getByRole('menuitem', { name: 'Webhook' }).waitFor()
    await isAccessible(page, 'nothing selected, and a menu')
    await page.keyboard.press('Escape')
    await rows(page).first().click()
    await page.getByRole('button', { name: `POST ${receiver.url('/a')}` }).click()
    await page.getByRole('tab', { name: 'Response' }).waitFor()
    await page.getByRole('button', { name: 'Method, auth, query, headers' }).click()
    await page.getByRole('button', { name: 'Add a header' }).click()
    await writeCode(page.getByRole('textbox', { name: 'Code of greet' }), 'const = 2')
    await reads(steps(page), 'will not run')
    await isAccessible(page, 'an event, an error and an open form')
    await page.locator('#run-pane').focus()
    await page.keyboard.press('t')
    await page.getByRole('dialog', { name: 'Test event' }).waitFor()
    await isAccessible(page, 'the test dialog')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /^v1/ }).click()
    await reads(page.getByRole('dialog', { name: 'Versions' }), 'From v1')
    await isAccessible(page, 'the versions')
  },
)
