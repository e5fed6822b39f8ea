/** Steps on their page: put in order, completed from real events, broken and found again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { openUi, reads, withoutBrowser } from '../support/browser.ts'
import { becomes } from '../support/until.ts'

const skip = withoutBrowser
const steps = (page: Page) => page.getByRole('list', { name: 'Steps' })
const rows = (page: Page) => page.getByRole('list', { name: 'Events' }).locator('a')
const pathOf = ({ id }: WorkflowWire) => `/workflows/${id}`

async function act(page: Page, step: string, action: string): Promise<void> {
  await page.getByRole('button', { name: `Actions of ${step}`, exact: true }).click()
  await page.getByRole('menuitem', { name: action }).click()
}

test(
  'steps: renamed, moved, duplicated, deleted and brought back, then saved as they stand',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    const code = (name: string) => ({ type: 'code', name, code: `return "${name}"` })
    const workflow = await app.workflow([code('one'), code('two'), code('three')])
    await open(pathOf(workflow))
    const names = () => page.locator('.card-name').allTextContents()
    await reads(steps(page), 'three')
    await act(page, 'one', 'Rename')
    await page.getByRole('textbox', { name: 'New name of one' }).fill('first')
    await page.keyboard.press('Enter')
    await act(page, 'three', 'Move up')
    await act(page, 'first', 'Duplicate')
    await act(page, 'two', 'Delete')
    await becomes(names, ['trigger', 'first', 'first_2', 'three'])
    await page.getByRole('button', { name: 'Undo' }).click()
    await becomes(names, ['trigger', 'first', 'first_2', 'three', 'two'])
    await page.keyboard.press('Control+s')
    await reads(page.getByRole('status'), 'Saved as v2')
    const saved = await app.api.call<WorkflowWire>('GET', `/workflows/${workflow.id}`)
    assert.deepEqual(saved.steps, [
      { ...code('one'), name: 'first' },
      { ...code('one'), name: 'first_2' },
      code('three'),
      code('two'),
    ])
  },
)

test(
  'steps: a name that is taken is a problem of the second, told while it is typed',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    const workflow = await app.workflow(
      ['one', 'two'].map((name) => ({ type: 'code', name, code: '' })),
    )
    await open(pathOf(workflow))
    await act(page, 'two', 'Rename')
    await page.getByRole('textbox', { name: 'New name of two' }).fill('one')
    await page.keyboard.press('Enter')
    await reads(steps(page).getByRole('status'), 'its name "one" is taken')
  },
)

test('completion: offers what the selected event holds, and puts it in', { skip }, async (t) => {
  const { page, app, open } = await openUi(t)
  const workflow = await app.workflow([
    { type: 'code', name: 'first', code: 'return { total: 12 }' },
    { type: 'code', name: 'second', code: '' },
  ])
  const headers = { 'content-type': 'application/json' }
  await app.send(workflow, '', { headers, body: '{"customer": {"first name": "Luke", "id": 7}}' })
  await app.settled(workflow)
  await open(pathOf(workflow))
  await rows(page).first().click()
  // What is offered is what the page knows of the event by then.
  await reads(page.getByRole('list', { name: 'Exports of first' }), '12')
  const code = page.getByRole('textbox', { name: 'Code of second' })
  const choice = page.locator('.cm-tooltip-autocomplete li')
  await code.focus()
  await page.keyboard.type('a = $event.body.')
  await reads(choice, 'customer')
  await page.keyboard.type('cus')
  await choice.filter({ hasText: 'customer' }).click()
  await page.keyboard.type('.')
  await reads(choice, '"Luke"')
  await choice.filter({ hasText: 'first name' }).click()
  await reads(code, 'a = $event.body.customer["first name"]')
  await page.keyboard.type('\nb = steps.')
  await choice.filter({ hasText: 'first' }).click()
  await page.keyboard.type('.')
  await choice.filter({ hasText: '$return_value' }).click()
  await page.keyboard.type('.')
  await choice.filter({ hasText: '12' }).click()
  await reads(code, 'b = steps.first.$return_value.total')
})

test('errors: the line that threw is marked, and a click goes there', { skip }, async (t) => {
  const { page, app, open } = await openUi(t)
  const lines = [...Array.from({ length: 60 }, (_, i) => `// line ${i + 1}`), 'null.x']
  const workflow = await app.workflow([{ type: 'code', name: 'fail', code: lines.join('\n') }])
  await app.send(workflow)
  await app.settled(workflow)
  await open(pathOf(workflow))
  await rows(page).first().click()
  await reads(page.getByRole('region', { name: 'Selected event' }), 'EXCEPTION TypeError')
  await page.locator('.cm-editor').waitFor()
  await page.getByRole('button', { name: 'fail, line 61' }).click()
  await page.locator('.cm-editor.cm-focused').waitFor()
  await page.locator('.cm-lint-marker-error').waitFor()
  await reads(page.locator('.cm-activeLineGutter'), '61')
})

test('workflow: deleted after a question, its endpoint is gone', { skip }, async (t) => {
  const { page, app, open } = await openUi(t)
  const workflow = await app.workflow([])
  await open(pathOf(workflow))
  await page.getByRole('button', { name: 'More of this workflow' }).click()
  await page.getByRole('menuitem', { name: 'Delete workflow' }).click()
  const question = page.getByRole('alertdialog', { name: 'Delete Test?' })
  await question.locator(':focus').waitFor()
  // A key of the page behind would open a dialog over the question.
  await page.keyboard.press('t')
  await question.getByRole('button', { name: 'Delete' }).click()
  await page.waitForURL((url) => url.pathname === '/')
  assert.equal((await app.send(workflow)).status, 404)
})

test(
  'settings: saved as a version of their own, with the bounds told, and no step is touched',
  { skip },
  async (t) => {
    const { page, app, open, expect } = await openUi(t)
    expect(/400 \(Bad Request\)/)
    const workflow = await app.workflow([{ type: 'note', name: 'note', text: 'saved' }])
    await open(pathOf(workflow))
    await page.getByRole('textbox', { name: 'Text of note' }).fill('unsaved')
    await page.getByRole('button', { name: 'More of this workflow' }).click()
    await page.getByRole('menuitem', { name: 'Settings' }).click()
    const dialog = page.getByRole('dialog', { name: 'Settings of the workflow' })
    await dialog.getByRole('spinbutton', { name: 'Time limit' }).fill('301')
    await dialog.getByRole('checkbox', { name: '$respond' }).check()
    await dialog.getByRole('button', { name: 'Save settings' }).click()
    await reads(dialog.getByRole('alert'), 'timeoutMs must be a whole number from 1000 to 300000')
    await dialog.getByRole('spinbutton', { name: 'Time limit' }).fill('60')
    await dialog.getByRole('button', { name: 'Save settings' }).click()
    await reads(page.getByRole('status'), 'Saved as v2')
    const { settings, steps } = await app.api.call<WorkflowWire>('GET', pathOf(workflow))
    assert.deepEqual([settings.timeoutMs, settings.response], [60_000, 'custom'])
    assert.deepEqual(steps, workflow.steps)
    assert.equal(await page.getByRole('textbox', { name: 'Text of note' }).inputValue(), 'unsaved')
    await page.keyboard.press('Control+s')
    await reads(page.getByRole('status'), 'Saved as v3')
  },
)
