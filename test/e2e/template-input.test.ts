/** The Action's fields: completion between braces, by keyboard and by mouse, told to screen readers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { isAccessible } from '../support/axe.ts'
import { openUi, reads, withoutBrowser } from '../support/browser.ts'

const skip = withoutBrowser
const offered = (page: Page) => page.getByRole('listbox', { name: 'What can stand here' })
const option = (page: Page, name: string) => offered(page).getByRole('option', { name })

async function withEvent(t: Parameters<typeof openUi>[0]) {
  const ui = await openUi(t)
  const { app, page, open } = ui
  await app.api.call('PUT', '/env/API_KEY', { value: 'k'.repeat(20) })
  const workflow = await app.workflow([
    { type: 'code', name: 'sum', code: 'return { total: 12 }' },
    { type: 'webhook', name: 'hook', url: 'http://127.0.0.1:1/', payload: 'undefined' },
  ])
  await app.send(workflow, '', { body: '{"customer": {"first name": "Luke", "id": 7}}' })
  const { id } = await app.settled(workflow)
  await open(`/workflows/${workflow.id}?event=${id}`)
  const url = page.getByRole('combobox', { name: 'URL' })
  await url.waitFor()
  await reads(page.getByRole('list', { name: 'Steps' }), '1 skipped')
  return { ...ui, workflow, url }
}

test(
  'template: the URL is completed from the selected event without a mouse',
  { skip },
  async (t) => {
    const { page, app, url, workflow } = await withEvent(t)
    await url.fill('https://a.example/')
    await page.keyboard.type('{{')
    await reads(option(page, 'process.env'), 'your variables')
    assert.equal(await url.inputValue(), 'https://a.example/{{}}')
    assert.equal(await url.getAttribute('aria-expanded'), 'true')
    const active = () => url.getAttribute('aria-activedescendant')
    assert.equal(await active(), await option(page, '$event').getAttribute('id'))
    await page.keyboard.press('ArrowDown')
    assert.equal(await active(), await option(page, 'steps').getAttribute('id'))
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await page.keyboard.type('.body.cus')
    await reads(option(page, 'customer'), 'Luke')
    await isAccessible(page, 'an open list')
    await page.keyboard.press('Enter')
    await page.keyboard.type('.')
    await reads(option(page, 'id'), '7')
    await page.keyboard.type('fi')
    await page.keyboard.press('Enter')
    assert.equal(await url.inputValue(), 'https://a.example/{{$event.body.customer["first name"]}}')
    await page.keyboard.type('}}/x')
    assert.equal(
      await url.inputValue(),
      'https://a.example/{{$event.body.customer["first name"]}}/x',
    )
    assert.equal(await offered(page).count(), 0)
    await page.keyboard.press('ControlOrMeta+s')
    await reads(page.getByRole('status'), 'Saved as v2')
    const { steps } = await app.api.call<WorkflowWire>('GET', `/workflows/${workflow.id}`)
    assert.match(JSON.stringify(steps), /\{\{\$event\.body\.customer\[/)
  },
)

test(
  'template: Escape closes the list and nothing else, undo takes a choice back',
  { skip },
  async (t) => {
    const { page, url } = await withEvent(t)
    await url.fill('')
    await page.keyboard.type('{{$event.me')
    await reads(option(page, 'method'), 'POST')
    await page.keyboard.press('Escape')
    await offered(page).waitFor({ state: 'detached' })
    assert.ok(new URL(page.url()).searchParams.has('event'))
    await page.keyboard.press('Control+Space')
    await page.keyboard.press('Enter')
    assert.equal(await url.inputValue(), '{{$event.method}}')
    await page.keyboard.press('ControlOrMeta+z')
    assert.equal(await url.inputValue(), '{{$event.me}}')
  },
)

test(
  'template: headers, query and auth know steps and variables, by a click too',
  { skip },
  async (t) => {
    const { page } = await withEvent(t)
    await page.getByRole('button', { name: 'Method, auth, query, headers' }).click()
    await page.getByRole('button', { name: 'Add a header' }).click()
    const value = page.getByRole('combobox', { name: 'Value of header 1' })
    await value.focus()
    await page.keyboard.type('{{steps.sum.$return_value.')
    await option(page, 'total').click()
    assert.equal(await value.inputValue(), '{{steps.sum.$return_value.total}}')
    await page.getByRole('combobox', { name: 'Password' }).focus()
    await page.keyboard.type('{{process.env.')
    await option(page, 'API_KEY').click()
    assert.equal(
      await page.getByRole('combobox', { name: 'Password' }).inputValue(),
      '{{process.env.API_KEY}}',
    )
    await page.getByRole('button', { name: 'Add a parameter' }).click()
    await page.getByRole('combobox', { name: 'Value of parameter 1' }).focus()
    await page.keyboard.type('{{$event.')
    await reads(option(page, 'body'), 'customer')
  },
)
