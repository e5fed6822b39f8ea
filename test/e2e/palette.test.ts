/** The command palette: what the page can do, by name and without a mouse. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import type { EventListWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { isAccessible } from '../support/axe.ts'
import { openUi, reads, withoutBrowser } from '../support/browser.ts'
import { startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const skip = withoutBrowser
const palette = (page: Page) => page.getByRole('dialog', { name: 'Command palette' })

async function leave(dialog: Locator): Promise<void> {
  await dialog.page().keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
}

/** Types a few letters, checks what is found first, and does it. */
async function choose(page: Page, typed: string, name: string | RegExp): Promise<void> {
  await page.keyboard.press('ControlOrMeta+k')
  await palette(page).getByRole('combobox').fill(typed)
  await palette(page).getByRole('option', { selected: true, name }).waitFor()
  await page.keyboard.press('Enter')
  await palette(page).waitFor({ state: 'detached' })
}

test(
  'palette: an event is dry run, replayed and its failures are sent again',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    let status = 500
    const receiver = await startReceiver(() => ({ status, body: '' }))
    t.after(() => receiver.close())
    const workflow = await app.workflow([
      { type: 'webhook', name: 'hook', url: receiver.url('/a'), payload: '1' },
    ])
    await app.send(workflow)
    const { id } = await app.settled(workflow)
    await open(`/workflows/${workflow.id}?event=${id}`)
    await reads(page.getByRole('list', { name: 'Steps' }), '→ 500')
    const again = page.getByRole('region', { name: 'Selected event' }).getByRole('button', {
      name: 'Redeliver failed',
    })
    await again.click()
    await reads(page.getByRole('status'), 'Sending 1 delivery once more')
    await page.getByRole('button', { name: /2 attempts/ }).waitFor()
    await page.keyboard.press('ControlOrMeta+k')
    await reads(palette(page).getByRole('option', { name: 'Dry run' }), /Ctrl ↵|⌘↵/)
    await isAccessible(page, 'the palette')
    await leave(palette(page))
    await choose(page, 'dry', 'Dry run')
    await reads(
      page.getByRole('region', { name: 'Dry run' }).getByRole('status'),
      'No step differs',
    )
    status = 200
    await choose(page, 'redeliver', 'Redeliver 1 failed delivery')
    await reads(page.getByRole('list', { name: 'Events' }).locator('a'), '1/1')
    await choose(page, 'replay', 'Replay on v1, the latest')
    await reads(page.getByRole('region', { name: 'Selected event' }), 'replay of')
    const { data } = await app.api.call<EventListWire>('GET', `/workflows/${workflow.id}/events`)
    assert.equal(data.length, 2)
  },
)

test(
  'palette: steps are added and found, the workflow is saved and switched off',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    const workflow = await app.workflow([{ type: 'note', name: 'about', text: 'x' }])
    const stored = () => app.api.call<WorkflowWire>('GET', `/workflows/${workflow.id}`)
    await open(`/workflows/${workflow.id}`)
    await page.getByRole('textbox', { name: 'Text of about' }).waitFor()
    await choose(page, 'add note', 'Add: Note')
    await page.getByRole('textbox', { name: 'Text of note' }).and(page.locator(':focus')).waitFor()
    await page.keyboard.type('typed at once')
    await choose(page, 'go about', 'Go to about')
    await page.locator('.card-head:focus').filter({ hasText: 'about' }).waitFor()
    await choose(page, 'save', 'Save')
    await reads(page.getByRole('status'), 'Saved as v2')
    await choose(page, 'deact', 'Deactivate')
    await page.getByRole('switch', { name: 'Inactive' }).waitFor()
    // The switch does not wait for the answer.
    await until(async () => !(await stored()).active)
    assert.equal((await stored()).steps.length, 2)
    await choose(page, 'diff', 'Versions: compare, revert')
    const versions = page.getByRole('dialog', { name: 'Versions' })
    await reads(versions, 'From v1 to v2')
    await leave(versions)
    await choose(page, 'search', 'Search events')
    await page
      .getByRole('searchbox', { name: 'Search events' })
      .and(page.locator(':focus'))
      .waitFor()
  },
)

test('palette: a page offers its own actions only while it is open', { skip }, async (t) => {
  const { page, app, open } = await openUi(t)
  await app.workflow([])
  await open('/')
  await reads(page.getByRole('main'), 'Test')
  await page.keyboard.press('ControlOrMeta+k')
  await palette(page).getByRole('option', { name: 'New workflow' }).waitFor()
  assert.equal(await palette(page).getByRole('option', { name: 'Save' }).count(), 0)
  await leave(palette(page))
  await choose(page, 'failed', 'Failed deliveries')
  await page.waitForURL(
    (url) => url.pathname === '/deliveries' && url.searchParams.get('status') === 'failed',
  )
})

test(
  'palette: deliveries are sent again, a destination is paused and limited, a span and a form are chosen',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    const receiver = await startReceiver(() => ({ status: 500 }))
    t.after(() => receiver.close())
    await app.run([{ type: 'webhook', url: receiver.url('/a'), payload: '1' }])
    await open('/deliveries?status=failed')
    await reads(page.getByRole('list', { name: 'Deliveries' }), '500')
    await choose(page, 'redeliver', 'Redeliver all failed ones that match')
    await reads(page.getByRole('region', { name: 'Work in bulk' }), 'Redelivered 1 delivery')
    await choose(page, 'jobs', 'Recent jobs')
    const jobs = page.getByRole('dialog', { name: 'Recent jobs' })
    await jobs.waitFor()
    await leave(jobs)
    await choose(page, 'clear', 'Show all deliveries')
    await page.waitForURL((url) => !url.searchParams.has('status'))

    const { host } = new URL(receiver.url('/'))
    await open('/destinations')
    await reads(page.getByRole('row'), host)
    await choose(page, 'pause', `Pause http://${host}`)
    await reads(page.getByRole('row'), 'Paused')
    await choose(page, 'limit', `Limit http://${host}…`)
    await page.getByRole('spinbutton', { name: 'At once' }).and(page.locator(':focus')).waitFor()

    await open('/overview')
    await reads(page.getByRole('main'), 'Events')
    await choose(page, '7 days', 'Show the last 7 days')
    await page.waitForURL((url) => url.searchParams.get('span') === '7d')
    await open('/settings')
    await reads(page.getByRole('main'), 'Issue token')
    await choose(page, 'new tok', 'New token')
    const focused = page.locator(':focus')
    await page
      .getByRole('textbox', { name: 'Name' })
      .and(focused)
      .and(page.getByPlaceholder('CI'))
      .waitFor()
    await choose(page, 'env', 'New variable')
    await focused.and(page.getByPlaceholder('API_KEY')).waitFor()
  },
)
