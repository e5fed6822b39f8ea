/** A dry run beside the recorded run: what an edit changes for the event that is looked at. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { isAccessible } from '../support/axe.ts'
import { openUi, reads, withoutBrowser, writeCode } from '../support/browser.ts'
import { startReceiver } from '../support/receiver.ts'

const skip = withoutBrowser
const rows = (page: Page) => page.getByRole('list', { name: 'Events' }).locator('a')
const head = (page: Page) => page.getByRole('region', { name: 'Dry run' })
const says = (page: Page) => head(page).getByRole('status')
const compared = (page: Page, step: string) =>
  page.getByRole('group', { name: `${step}, recorded and dry run` })

/** A workflow of two steps with one recorded event, which is selected. */
async function recorded(t: TestContext, viewport = { width: 1440, height: 900 }) {
  const ui = await openUi(t, { viewport })
  const { page, app, open } = ui
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const code = (total: string) =>
    [
      `const total = ${total}`,
      'console.log("total", total)',
      `$send.http({ method: "POST", url: "${receiver.url('/a')}", data: { total } })`,
      'return { total }',
    ].join('\n')
  const workflow = await app.workflow([
    { type: 'code', name: 'sum', code: code('$event.body.price') },
    { type: 'code', name: 'other', code: 'console.log("as ever")' },
  ])
  await app.send(workflow, '/orders', { body: '{"price": 12}' })
  const { id } = await app.settled(workflow)
  await open(`/workflows/${workflow.id}`)
  await rows(page).first().click()
  await reads(page.getByRole('list', { name: 'Steps' }), '/a')
  await page.locator('.cm-editor').nth(1).waitFor()
  return { ...ui, receiver, workflow, id, code }
}

test(
  'dry run: stands beside the recorded run, and what an edit changes is marked',
  { skip },
  async (t) => {
    const { page, receiver, code } = await recorded(t)
    const field = page.getByRole('textbox', { name: 'Code of sum' })
    await writeCode(field, code('$event.body.price * 2'))
    await page.keyboard.press('ControlOrMeta+Enter')
    await reads(says(page), '1 step differs')
    await reads(
      head(page),
      /Recorded\s*Succeeded[\s\S]*v1[\s\S]*Dest 1\/1[\s\S]*Dry run\s*Succeeded[\s\S]*would send 1/,
    )
    const sum = compared(page, 'sum')
    const line = (table: string, text: RegExp) =>
      reads(sum.getByRole('table', { name: table }).getByRole('row'), text)
    await line('Logs of sum', /recorded only: total 12\s*\+?\s*dry run only: total 24/)
    await line('Exports of sum', /"total": 12[\s\S]*"total": 24/)
    await line('The requests', /"total": 12[\s\S]*"total": 24/)
    await reads(sum.getByRole('list', { name: 'Sends of sum' }), /→ 200[\s\S]*→ captured/)
    await reads(compared(page, 'other'), 'same, 1 line')
    assert.equal(await compared(page, 'other').getByRole('table').count(), 0)
    assert.equal(receiver.requests.length, 1)
    await isAccessible(page)
    await head(page).getByRole('button', { name: 'sum' }).click()
    await page.locator('[data-step] > .card-head:focus').waitFor()
    await sum.getByRole('button', { name: 'Response of the recorded run' }).click()
    await page.getByRole('tab', { name: 'Response' }).waitFor()
  },
)

test(
  'dry run: what was edited since is told, and run again by the same key',
  { skip },
  async (t) => {
    const { page, code } = await recorded(t)
    await page.locator('#run-pane').focus()
    await page.keyboard.press('ControlOrMeta+Enter')
    await reads(says(page), 'No step differs')
    const field = page.getByRole('textbox', { name: 'Code of sum' })
    await writeCode(field, `throw new RangeError("too much")\n${code('1')}`)
    await reads(says(page), 'Your steps have changed since')
    await page.keyboard.press('ControlOrMeta+Enter')
    await reads(says(page), '2 steps differ')
    await reads(head(page), 'Failed')
    await reads(
      compared(page, 'sum').getByRole('table', { name: 'Error of sum' }),
      'RangeError: too much',
    )
    await reads(compared(page, 'sum'), 'would not be sent')
    await reads(compared(page, 'other'), 'Not run')
  },
)

test(
  'dry run: belongs to its event, and is there again when that is selected again',
  { skip },
  async (t) => {
    const { page, app, workflow } = await recorded(t)
    await page.getByRole('button', { name: 'Dry run', exact: true }).click()
    await reads(says(page), 'No step differs')
    await app.send(workflow, '/later')
    await reads(rows(page).first(), '/later')
    await rows(page).first().click()
    await reads(page.getByRole('list', { name: 'Steps' }), '/later')
    assert.equal(await head(page).count(), 0)
    await rows(page).nth(1).click()
    await reads(says(page), 'No step differs')
    await head(page).getByRole('button', { name: 'Close the dry run' }).click()
    await head(page).waitFor({ state: 'detached' })
  },
)

test(
  'dry run: at 360 px both runs stand below each other, nothing is out of sight',
  { skip },
  async (t) => {
    const { page, code } = await recorded(t, { width: 360, height: 800 })
    await writeCode(page.getByRole('textbox', { name: 'Code of sum' }), code('13'))
    await page.keyboard.press('ControlOrMeta+Enter')
    await reads(says(page), '1 step differs')
    const row = compared(page, 'sum')
      .getByRole('table', { name: 'Logs of sum' })
      .getByRole('row')
      .filter({ hasText: 'total 13' })
    await row.waitFor()
    const [before, after] = await row.getByRole('cell').all()
    const [upper, lower] = [await before!.boundingBox(), await after!.boundingBox()]
    assert.ok(upper!.y + upper!.height <= lower!.y)
    assert.ok(lower!.x + lower!.width <= 360)
    const width = await page.evaluate('document.documentElement.scrollWidth')
    assert.equal(width, 360)
  },
)
