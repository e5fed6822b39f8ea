/** The pages over all workflows, in a real browser: what a person comes to them for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApiClient } from '../../src/cli/api-client.ts'
import { isAccessible } from '../support/axe.ts'
import { openUi, reads, withoutBrowser } from '../support/browser.ts'
import { startReceiver } from '../support/receiver.ts'
import type { Receiver } from '../support/receiver.ts'
import { becomes } from '../support/until.ts'

const sends = (url: string, count: number) => [
  {
    type: 'code',
    code: `for (let i = 0; i < ${count}; i++) $send.http({ method: 'POST', url: '${url}' + i, data: i })`,
  },
]

/** Types on in the moment in which the address has changed to what was typed before, and the page not yet. */
const WHILE_UNDER_WAY = `{
  const replace = history.replaceState.bind(history)
  history.replaceState = (...given) => {
    replace(...given)
    if (new URL(location).searchParams.get('q') !== 'n') return
    history.replaceState = replace
    document.execCommand('insertText', false, '/3 ')
  }
}`

test(
  'deliveries: failed ones are found by a filter, chosen, and sent again in bulk',
  { skip: withoutBrowser },
  async (t) => {
    const receiver = await startReceiver(() => ({ status: 500 }))
    t.after(() => receiver.close())
    const { app, page, open } = await openUi(t)
    await open('/deliveries')
    await reads(page.locator('.empty'), 'Nothing has been sent yet')
    await app.run(sends(receiver.url('/n/'), 6))
    receiver.script = () => ({ status: 200 })

    const rows = page.getByRole('list', { name: 'Deliveries' }).getByRole('listitem')
    await reads(rows.first(), '500')
    await page.getByLabel('Status').selectOption('failed')
    await page.waitForURL(/status=failed/)
    await rows.nth(5).waitFor()
    assert.equal(await rows.count(), 6)
    const search = page.getByRole('searchbox', { name: 'Search deliveries' })
    await page.evaluate(WHILE_UNDER_WAY)
    await search.pressSequentially('n')
    await page.waitForURL((url) => url.searchParams.get('q') === 'n/3')
    await rows.nth(1).waitFor({ state: 'detached' })
    assert.equal(await search.inputValue(), 'n/3 ') // the next word may follow
    await search.fill('')
    await rows.nth(5).waitFor()
    for (const n of [1, 2]) {
      await page.getByRole('checkbox', { name: `Select POST ${receiver.url(`/n/${n}`)}` }).check()
    }
    await page.getByRole('button', { name: 'Redeliver', exact: true }).click()
    const bar = page.getByRole('region', { name: 'Work in bulk' })
    await reads(bar, 'Redelivered 2 deliveries')
    await page.waitForURL(/bulk=bulk_/)
    await page.reload()
    await reads(bar, 'Redelivered 2 deliveries')
    await isAccessible(page)
    await page.getByRole('button', { name: 'Close' }).click()
    await bar.waitFor({ state: 'detached' })

    await page.getByRole('button', { name: 'Redeliver all failed ones that match' }).click()
    await reads(bar, 'Redelivered 4 deliveries')
    await receiver.received(12)
    await page.getByLabel('Status').selectOption('delivered')
    await rows.nth(5).waitFor()
    await rows.first().getByRole('link').click()
    await page.waitForURL(/\/workflows\/.*delivery=dlv_/)
  },
)

test(
  'deliveries: the list is live, and a pause or a choice holds new ones back and counts them',
  { skip: withoutBrowser },
  async (t) => {
    const receiver = await startReceiver(({ url }) => ({
      status: url.startsWith('/a') ? 500 : 200,
    }))
    t.after(() => receiver.close())
    const { app, page, open } = await openUi(t)
    const { deliveries } = await app.run(sends(receiver.url('/a/'), 2))
    await open('/deliveries')
    const rows = page.getByRole('list', { name: 'Deliveries' }).getByRole('listitem')
    await reads(rows.first(), '500')
    const pause = page.getByRole('button', { name: 'Pause' })
    await pause.click()
    receiver.script = () => ({ status: 200 })
    await app.run(sends(receiver.url('/b/'), 3))
    await reads(pause, '3')
    await app.api.call('POST', `/deliveries/${deliveries[0]!.id}/redeliver`)
    await reads(rows.filter({ hasText: '/a/0' }), '200')
    assert.equal(await rows.count(), 2)
    await page.getByRole('button', { name: 'Live', exact: true }).click()
    await rows.nth(4).waitFor()

    await page.getByRole('checkbox', { name: `Select POST ${receiver.url('/b/1')}` }).click()
    await app.run(sends(receiver.url('/c/'), 1))
    await page.getByRole('button', { name: '1 new' }).click()
    await reads(rows.first(), '/c/0')
    await reads(page.getByRole('status'), '1 delivery selected')
  },
)

test(
  'jobs: one that somebody began elsewhere is seen above its list, and later among the recent ones',
  { skip: withoutBrowser },
  async (t) => {
    const receiver = await startReceiver(() => ({ status: 500 }))
    t.after(() => receiver.close())
    const { app, page, open } = await openUi(t)
    await app.run(sends(receiver.url('/n/'), 60))
    const begin = (body: object) => app.api.call<{ id: string }>('POST', '/bulk', body)
    const redeliver = await begin({ action: 'redeliver', filter: {}, rate: 1 })
    const running = page.getByRole('list', { name: 'Jobs that run' })
    await open('/deliveries')
    await reads(running, /Redelivering \d+ of 60 deliveries/)
    await running.getByRole('link', { name: 'Show this job' }).click()
    await page.waitForURL((url) => url.searchParams.get('bulk') === redeliver.id)
    const bar = page.getByRole('region', { name: 'Work in bulk' })
    await running.waitFor({ state: 'detached' })
    await bar.getByRole('button', { name: 'Cancel' }).click()
    await reads(bar, 'Canceled after')

    const workflow = await app.workflow([])
    await Promise.all(Array.from({ length: 60 }, () => app.send(workflow)))
    const replay = await begin({ action: 'replay', filter: { workflow: workflow.id }, rate: 1 })
    await open(`/workflows/${workflow.id}`)
    await reads(running, /Replaying \d+ of 60 events/)
    await app.api.call('DELETE', `/bulk/${replay.id}`)
    await running.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'More of this workflow' }).click()
    await page.getByRole('menuitem', { name: 'Recent jobs' }).click()
    const jobs = page.getByRole('list', { name: 'Recent jobs' }).getByRole('listitem')
    await reads(jobs.first(), /Canceled after \d+ events?\s*Test/)
    await isAccessible(page)
    await jobs.nth(1).getByRole('link', { name: 'Canceled after' }).click()
    await page.waitForURL((url) => url.pathname === '/deliveries')
    await reads(bar, 'Canceled after')
  },
)

test(
  'destinations: the table is live, and a new one waits while somebody is at it',
  { skip: withoutBrowser },
  async (t) => {
    const receivers = [await startReceiver(), await startReceiver()]
    t.after(() => Promise.all(receivers.map((receiver) => receiver.close())))
    // What comes after those that are shown moves nothing, and is shown at once.
    const [second, first] = receivers.toSorted((a, b) => (a.url('/') < b.url('/') ? -1 : 1)) as [
      Receiver,
      Receiver,
    ]
    const { app, page, open } = await openUi(t)
    await open('/destinations')
    await reads(page.locator('.empty'), 'A destination is listed once')
    await app.run(sends(first.url('/'), 2))
    const rows = page.getByRole('row')
    await reads(rows.nth(1), new URL(first.url('/')).port)
    await rows.nth(1).hover()
    await app.run(sends(second.url('/'), 1))
    const pill = page.getByRole('button', { name: '1 new' })
    await pill.waitFor()
    assert.equal(await rows.count(), 2)
    // Whoever goes to press it is at the table still.
    await pill.hover()
    await app.run(sends(first.url('/'), 1))
    await reads(rows.nth(1).getByRole('cell').nth(2), '3')
    assert.equal(await rows.count(), 2)
    await pill.click()
    await rows.nth(2).waitFor()
  },
)

test(
  'destinations: of many some are shown, the others further down or when they are searched',
  { skip: withoutBrowser },
  async (t) => {
    const { app, page, open } = await openUi(t)
    // Nobody listens there; that something was sent is enough.
    const code = `for (let i = 1; i <= 120; i++)
      $send.http({ method: 'POST', url: \`http://127.0.1.\${i}:1/\` })`
    await app.run([{ type: 'code', code }])
    await open('/destinations')
    const rows = page.locator('.table tbody tr')
    await rows.nth(99).waitFor()
    assert.equal(await rows.count(), 100)
    await page.getByRole('button', { name: 'Show more' }).click()
    await rows.nth(119).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Show more' }).count(), 0)
    await page.keyboard.press('/')
    await page.keyboard.type('127.0.1.77')
    await page.waitForURL((url) => url.searchParams.get('q') === '127.0.1.77')
    await rows.nth(1).waitFor({ state: 'detached' })
    await reads(rows, '127.0.1.77')
    await isAccessible(page)
    await page.getByRole('searchbox').fill('elsewhere')
    await reads(page.locator('.empty'), 'No destination has this in its name')
    await page.getByRole('button', { name: 'Show all' }).click()
    await rows.nth(99).waitFor()
    assert.equal(await page.getByRole('searchbox').inputValue(), '')
  },
)

test('destinations: one is paused, limited and resumed', { skip: withoutBrowser }, async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const { app, page, open } = await openUi(t)
  await app.run(sends(receiver.url('/'), 2))
  await open('/destinations')
  const row = page.getByRole('row').nth(1)
  await row.getByRole('button', { name: /^Pause/ }).click()
  await reads(row, 'Paused')
  await row.getByRole('button', { name: /^No limits set/ }).click()
  await page.getByLabel('At once').fill('4')
  await page.getByLabel('Requests/s').fill('10')
  await isAccessible(page)
  await page.getByRole('button', { name: 'Save' }).click()
  await reads(row, '4 at once · 10 requests/s')
  await row.getByRole('button', { name: /^Resume/ }).click()
  await row.getByRole('button', { name: /^Pause/ }).waitFor()
  const { data } = await app.api.call<{ data: { concurrency: number; paused: boolean }[] }>(
    'GET',
    '/destinations',
  )
  assert.deepEqual([data[0]!.concurrency, data[0]!.paused], [4, false])
})

test(
  'settings: a token is shown once and revoked, a variable is set and its value never shown',
  { skip: withoutBrowser },
  async (t) => {
    const { app, page, open } = await openUi(t)
    await open('/settings')
    await reads(page.getByRole('region', { name: 'This server' }), 'SENDOFF_RETENTION_DAYS')
    const tokens = page.getByRole('region', { name: 'Tokens' })
    await tokens.getByLabel('Name').fill('CI')
    await tokens.getByRole('button', { name: 'Issue token' }).click()
    const secret = await tokens.locator('.shown-once code').textContent()
    const asks = () => createApiClient(app.url, secret!).call('GET', '/workflows')
    await asks()
    await isAccessible(page)
    await page.reload()
    await reads(tokens.getByRole('listitem'), 'CI')
    assert.equal((await page.content()).includes(secret!), false)
    await tokens.getByRole('button', { name: 'Revoke CI' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click()
    // Behind the question the list is out of reach, so its end is not seen before that of the question.
    await page.getByRole('alertdialog').waitFor({ state: 'detached' })
    await tokens.locator('li').waitFor({ state: 'detached' })
    await assert.rejects(asks(), /the token is unknown or revoked/)

    const variables = page.getByRole('region', { name: 'Variables' })
    await variables.getByLabel('Name').fill('API_KEY')
    await variables.getByLabel('Value').fill('canary-value-1')
    await variables.getByRole('button', { name: 'Set' }).click()
    await reads(variables.getByRole('listitem'), 'API_KEY')
    assert.equal((await page.content()).includes('canary'), false)
    await variables.getByRole('button', { name: 'Remove API_KEY' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('alertdialog').waitFor({ state: 'detached' })
    await variables.locator('li').waitFor({ state: 'detached' })
  },
)

test(
  'overview and workflows: figures, plots, the last day and what failed last',
  { skip: withoutBrowser },
  async (t) => {
    const { app, page, open } = await openUi(t)
    await reads(page.locator('.empty'), 'There are no workflows yet')
    await app.run([{ type: 'code', code: 'throw new Error("no order")' }])
    await open('/')
    const row = page.getByRole('list', { name: 'Workflows' }).getByRole('listitem')
    await reads(row, 'no order')
    await row.getByRole('img', { name: '1 event in the last 24 hours' }).waitFor()
    await isAccessible(page)
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByRole('img', { name: 'Runs in the last 24 hours: 1 run, 1 failed' }).waitFor()
    await becomes(() => page.locator('.plot canvas').count(), 6)
    await page.getByRole('button', { name: '1h', exact: true }).click()
    await page.waitForURL(/span=1h/)
    await isAccessible(page)
    await reads(page.getByRole('contentinfo'), /Isolation: (?:strict|process)/)
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Go to or do' }).fill('dest')
    await page.getByRole('option', { selected: true, name: 'Destinations' }).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/destinations$/)
  },
)
