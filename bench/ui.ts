/**
 * The UI in a real Chromium, drawn in software: how smoothly a list of 100,000 events scrolls, and how long
 * a key waits while 500 events a second come in over the live stream. `node bench/ui.ts [seconds]`, after a
 * build of the UI. Server, browser and load share the machine, so beside the clock stands what the page's own
 * main thread worked: CPU time by Chromium's account, which neighbours do not change.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import type { Page } from 'playwright-core'
import { createApiClient } from '../src/cli/api-client.ts'
import { systemClock } from '../src/clock.ts'
import type { WorkflowWire } from '../src/inspector/wire-workflow.ts'
import { SqliteStore } from '../src/store/sqlite/sqlite-store.ts'
import { load, percentile } from './load.ts'
import { seed } from './seed.ts'

const TOKEN = 'so_benchmark_token_0123'
const SECONDS = Number(process.argv[2] ?? 10)
const EVENTS = 100_000
const EVENTS_PER_SECOND = 500
const KEY_EVERY_MS = 100
/** One frame of 60 a second, missed: the next one comes after two. */
const DROPPED_MS = 25

/** Runs in the page, before its scripts: how long each frame took, and each key until a script saw it. */
const WATCH = `
  const watch = globalThis.benchWatch = { frames: [], keys: [] }
  let last = performance.now()
  const frame = () => {
    const now = performance.now()
    watch.frames.push(now - last)
    last = now
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
  addEventListener('keydown', (event) => watch.keys.push(performance.now() - event.timeStamp), true)
  watch.begin = () => { watch.frames = []; watch.keys = [] }
  watch.scroll = (seconds) => new Promise((resolve) => {
    const scroller = document.querySelector('.list-scroller')
    const until = performance.now() + seconds * 1000
    const step = () => {
      scroller.scrollTop += 280
      if (performance.now() < until) requestAnimationFrame(step)
      else resolve(scroller.scrollTop)
    }
    requestAnimationFrame(step)
  })`

console.log(`${cpus().length} x ${cpus()[0]!.model}, Node ${process.version}`)
const folder = mkdtempSync(join(tmpdir(), 'sendoff-bench-ui-'))
const store = new SqliteStore({ clock: systemClock }, { folder, nodeId: 'node_seed' })
await store.start()
await seed(store, EVENTS, 7, ['Orders'])
await store.stop()

const server = spawn(process.execPath, ['bin/sendoff.cjs', 'serve'], {
  env: { ...process.env, SENDOFF_PORT: '0', SENDOFF_DATA: folder, SENDOFF_ADMIN_TOKEN: TOKEN },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const url = await listening()
const api = createApiClient(url, TOKEN)
const { data } = await api.call<{ data: WorkflowWire[] }>('GET', '/workflows')
const workflow = data[0]!
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
})
const page = await browser.newPage({ baseURL: url, viewport: { width: 1440, height: 900 } })
await page.addInitScript({ content: WATCH })
await page.goto('/signin')
await page.locator('input[name=token]').fill(TOKEN)
await page.getByRole('button', { name: 'Sign in' }).click()
await page.waitForURL((at) => at.pathname === '/')
await page.goto(`/workflows/${workflow.id}`)
await page.locator('.event-row').first().waitFor()
const devtools = await page.context().newCDPSession(page)
await devtools.send('Performance.enable', { timeDomain: 'threadTicks' })
await scrolling()
await typing()
await browser.close()
server.kill('SIGTERM')
await once(server, 'exit')
rmSync(folder, { recursive: true, force: true })

async function listening(): Promise<string> {
  let text = ''
  for await (const chunk of server.stdout) {
    text += String(chunk)
    const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text)
    if (found) return found[0]
  }
  throw new Error(`The server did not start: ${text}`)
}

type Work = { readonly [Name in 'Task' | 'Script' | 'RecalcStyle' | 'Layout']: number }

/** What the main thread has worked so far, in ms. */
async function worked(): Promise<Work> {
  const { metrics } = await devtools.send('Performance.getMetrics')
  const of = (name: string) => 1_000 * metrics.find((one) => one.name === `${name}Duration`)!.value
  return {
    Task: of('Task'),
    Script: of('Script'),
    RecalcStyle: of('RecalcStyle'),
    Layout: of('Layout'),
  }
}

/** Per frame while scrolling, per second while events come in. */
function workTold(before: Work, after: Work, parts: number, unit: string): string {
  const per = (name: keyof Work) => ((after[name] - before[name]) / parts).toFixed(2)
  return `main thread ${per('Task')} ms ${unit}: scripts ${per('Script')}, style ${per('RecalcStyle')}, layout ${per('Layout')}`
}

async function scrolling(): Promise<void> {
  const before = await worked()
  await page.evaluate('benchWatch.begin()')
  const reached = await page.evaluate<number>(`benchWatch.scroll(${SECONDS})`)
  const frames = await page.evaluate<number[]>('benchWatch.frames')
  console.log(workTold(before, await worked(), frames.length, 'a frame'))
  console.log(`scrolling 10 rows a frame, down to row ${Math.round(reached / 28)}: ${told(frames)}`)
  await page.evaluate(`document.querySelector('.list-scroller').scrollTo(0, 0)`)
}

async function typing(): Promise<void> {
  const before = await worked()
  await page.evaluate('benchWatch.begin()')
  const { hostname: host, port } = new URL(url)
  const target = { host, port: Number(port), path: new URL(workflow.endpoint).pathname }
  const options = { connections: 16, seconds: SECONDS, perSecond: EVENTS_PER_SECOND }
  const [{ accepted }] = await Promise.all([load(target, options), pressKeys(page)])
  const frames = await page.evaluate<number[]>('benchWatch.frames')
  const keys = await page.evaluate<number[]>('benchWatch.keys')
  console.log(workTold(before, await worked(), SECONDS, 'a second'))
  console.log(
    `${Math.round(accepted / SECONDS)} events/s live, ${keys.length} keys: input delay p50 ${ms(keys, 0.5)}, p99 ${ms(keys, 0.99)}, most ${ms(keys, 1)}; ${told(frames)}`,
  )
}

async function pressKeys(on: Page): Promise<void> {
  const until = performance.now() + SECONDS * 1_000
  while (performance.now() < until) {
    await on.keyboard.press('j')
    await delay(KEY_EVERY_MS)
  }
}

function ms(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  return `${percentile(sorted, share).toFixed(1)} ms`
}

function told(frames: number[]): string {
  const dropped = frames.filter((one) => one > DROPPED_MS).length
  return `${frames.length} frames, ${dropped} late (${((dropped / frames.length) * 100).toFixed(1)} %), p50 ${ms(frames, 0.5)}, p99 ${ms(frames, 0.99)}`
}
