/**
 * Text from outside stays text: every string of public lists of cross-site scripting and of naughty strings,
 * in every place that an outsider, a step or a receiver controls, shown in a real browser with all of it
 * unfolded. Nothing of it is run, nothing becomes markup, and the page's own policy reports nothing.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import type { EventDetailWire, EventListWire } from '../../src/inspector/wire-event.ts'
import type { TestApp } from '../support/app.ts'
import { openUi, reads, withoutBrowser } from '../support/browser.ts'
import { startReceiver } from '../support/receiver.ts'
import { sharedData, sharedFiles, without } from '../support/shared-data.ts'

const NAUGHTY = 'blns/blns.json'
const skip = withoutBrowser || without(NAUGHTY) || without('xss/RSNAKE_XSS.txt')

const lines = sharedFiles('xss').flatMap((file) => sharedData(`xss/${file}`).split('\n'))
const naughty = JSON.parse(sharedData(NAUGHTY) || '[]') as string[]
/** As they can be sent: what is no character of any text, and the end of all texts in C, left out. */
const strings = [
  ...new Set([...lines, ...naughty].map((text) => text.toWellFormed().replaceAll('\0', ''))),
].filter((text) => text.trim() !== '')

/** As many as a workflow takes as names of steps beside the two that run. */
const CHUNK = 97
/** Room for them in a request's line and headers, of which a server takes 16 KiB. */
const HEAD_BYTES = 12_000

/** What HTTP takes as the value of a header. */
const asHeader = (text: string): string => text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '').trim()
/** Names of steps hold no control characters and are no names that `steps` has already. */
const asName = (text: string): string =>
  `${text
    .replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, '')
    .slice(0, 58)
    .toWellFormed()} 🖉`.trim()
/** In an address as bare as a parser lets it through. */
const asTarget = (text: string): string =>
  text.replaceAll(/[^\x21-\x7e]|[#?&=%/]/gu, (one) => encodeURIComponent(one))

/** Elements that only markup from outside could have made. */
const FOREIGN =
  'script:not([src^="/assets/"]), img, iframe, object, embed, svg:not(.icon, .day-of-events > svg), marquee, x, math, style'

/** Opens what is folded, long lists too, and every view of the open delivery: what is drawn once is enough. */
const UNFOLD = `(async () => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
  const press = async (find) => {
    for (let round = 0; round < 8; round++) {
      const found = find()
      if (found.length === 0) return
      for (const one of found) one.click()
      await drawn()
    }
  }
  const all = (selector) => [...document.querySelectorAll('#run-pane ' + selector)]
  const called = (pattern) => all('button').filter((one) => pattern.test(one.textContent))
  await press(() => called(/^Full$/).filter((one) => one.ariaPressed !== 'true'))
  await press(() => called(/^stack$/).filter((one) => one.ariaExpanded !== 'true'))
  await press(() => all('.tree-branch[aria-expanded=false]'))
  await press(() => called(/^Show .* more/))
  for (const tab of all('[role=tab]')) {
    tab.click()
    await drawn()
    for (const view of all('.body [aria-pressed=false]')) {
      view.click()
      await drawn()
    }
  }
})()`

function inChunks<T>(values: readonly T[], fits: (chunk: readonly T[]) => boolean): T[][] {
  const chunks: T[][] = [[]]
  for (const value of values) {
    const last = chunks.at(-1)!
    if (last.length === 0 || fits([...last, value])) last.push(value)
    else chunks.push([value])
  }
  return chunks
}

/** One workflow, event, run and delivery in which every text of the chunk stands in every place. */
async function fill(app: TestApp, url: string, texts: readonly string[]): Promise<EventDetailWire> {
  const names = [...new Set(texts.map(asName))].filter((name) => !/^(?:|sends|throws)$/.test(name))
  const code = `
    const { texts } = $event.body
    for (const text of texts) { console.log(text); console.error(text) }
    this.texts = texts
    this.byName = Object.fromEntries(texts.map((text, i) => [text + i, i]))
    $event.added = texts
    $event.named = Object.fromEntries(texts.map((text) => [text, text]))
    $send.http({ method: 'POST', url: ${JSON.stringify(url)}, headers: $event.body.headers, data: texts.join('\\n') })`
  const throws = `throw Object.assign(new Error($event.body.texts.join('\\n')), { name: $event.body.texts[0] })`
  const workflow = await app.workflow([
    { type: 'code', name: 'sends', code },
    ...names.map((name, i) => ({ type: 'note', name, text: texts[i] })),
    { type: 'code', name: 'throws', code: throws },
  ])
  await app.api.call('PATCH', `/workflows/${workflow.id}`, { name: names[0] })
  const headers = Object.fromEntries(
    texts.slice(0, 60).map((text, i) => [`x-text-${i}`, asHeader(text).slice(0, 100)]),
  )
  const keyed = Object.fromEntries(texts.map((text) => [text, text]))
  const body = JSON.stringify({ texts, keyed, headers })
  assert.equal((await app.send(workflow, '', { body })).status, 200)
  return app.settled(workflow)
}

/** Requests that carry every string in a path, in a query's names and values, and in a header. */
async function sendHeads(app: TestApp) {
  const workflow = await app.workflow([])
  const parts = (texts: readonly string[]) =>
    inChunks(texts, (chunk) => chunk.join('/').length < HEAD_BYTES)
  const targets = strings.map(asTarget)
  const paths = parts(targets).map((chunk) => `/${chunk.join('/')}`)
  const queries = parts(targets.map((text) => `${text}=${text}`)).map((all) => `/?${all.join('&')}`)
  for (const path of [...paths, ...queries]) {
    assert.equal((await app.send(workflow, path)).status, 200, path)
  }
  for (const chunk of parts(strings.map(asHeader))) {
    const headers = Object.fromEntries(chunk.map((text, i) => [`x-text-${i}`, text]))
    assert.equal((await app.send(workflow, '/', { headers })).status, 200)
  }
  return workflow
}

/** Counts what may never happen: a dialog, a request to elsewhere, a report of the page's policy. */
async function watch(page: Page, base: string): Promise<string[]> {
  const found: string[] = []
  page.on('dialog', (dialog) => {
    found.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const isElsewhere = !request.url().startsWith(base) && !request.url().includes('xss.invalid')
    if (isElsewhere) found.push(`request: ${request.url()}`)
  })
  await page.exposeFunction('told', (what: string) => void found.push(what))
  await page.addInitScript({
    content: `addEventListener('securitypolicyviolation', (event) =>
      told('policy: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample))`,
  })
  return found
}

/** A page that is watched, with the proof that the watch sees what it is there to see. */
async function openWatched(t: Parameters<typeof openUi>[0]) {
  const ui = await openUi(t)
  const found = await watch(ui.page, ui.app.url)
  await ui.open('/')
  ui.expect(/xss\.invalid/)
  await ui.page.evaluate(`void (new Image().src = 'http://xss.invalid/')`)
  while (!found.some((what) => what.startsWith('policy: img-src'))) await delay(20)
  found.length = 0
  const isClean = async (where: string): Promise<void> => {
    assert.equal(await ui.page.locator(FOREIGN).count(), 0, where)
    assert.deepEqual(found, [], where)
  }
  return { ...ui, isClean }
}

test(
  'hostile text: bodies, names, logs, exports, errors, sends and answers run nothing and become no markup [223]',
  { skip },
  async (t) => {
    assert.ok(strings.length > 850, String(strings.length))
    const receiver = await startReceiver(({ body }) => ({
      status: 500,
      headers: {
        'content-type': 'text/html',
        'x-echo': body
          .toString()
          .split('\n')
          .map((text) => asHeader(text).slice(0, 100)),
      },
      body,
    }))
    t.after(() => receiver.close())
    const { app, page, open, isClean } = await openWatched(t)
    for (const chunk of inChunks(strings, ({ length }) => length <= CHUNK)) {
      const { id, workflowId, deliveries } = await fill(app, receiver.url('/'), chunk)
      await open(`/workflows/${workflowId}?event=${id}&delivery=${deliveries[0]!.id}`)
      await page.getByRole('tab', { name: 'Response' }).waitFor()
      await page.evaluate(UNFOLD)
      await page.getByRole('tab', { name: 'Response' }).dispatchEvent('click')
      await page.getByRole('button', { name: 'Raw' }).dispatchEvent('click')
      const body = page.getByLabel('Body', { exact: true })
      await reads(body, chunk.at(-1)!.trim().slice(0, 20))
      const shown = await body.textContent()
      const missing = chunk.filter((text) => !shown!.includes(text.trim().slice(0, 20)))
      assert.deepEqual(missing, [])
      await isClean(chunk[0]!)
    }
    for (const path of ['/', '/deliveries', '/overview']) {
      await open(path)
      await page.getByRole('main').waitFor()
      await page.waitForLoadState('networkidle')
      await isClean(path)
    }
  },
)

test(
  'hostile text: paths, queries and headers run nothing and become no markup [223]',
  { skip },
  async (t) => {
    const { app, page, open, isClean } = await openWatched(t)
    const workflow = await sendHeads(app)
    const { data } = await app.api.call<EventListWire>(
      'GET',
      `/workflows/${workflow.id}/events?limit=100`,
    )
    await open(`/workflows/${workflow.id}`)
    await page
      .locator('.event-row')
      .nth(data.length - 1)
      .waitFor()
    for (const { id, path } of data) {
      await page.locator(`[data-row="${id}"]`).dispatchEvent('click')
      await page.waitForURL((url) => url.searchParams.get('event') === id)
      const line = page.locator('#run-pane .card-kind').first()
      await reads(line, path.slice(0, 60))
      await page.evaluate(UNFOLD)
      assert.ok((await line.textContent())!.includes(path), path)
      await isClean(path)
    }
  },
)
