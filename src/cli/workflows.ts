/**
 * `sendoff workflows list|pull|push|diff`: workflows as files, to keep them in Git and to move them
 * from one server to another. `pull` and `push` make one side like the other; `diff` says how they
 * differ, and ends with 1 if they do.
 */
import { join } from 'node:path'
import type { WorkflowWire } from '../inspector/wire-workflow.ts'
import type { ApiClient } from './api-client.ts'
import { CLIENT_FLAGS, connect, wordOf, wordsOf } from './client.ts'
import type { Command } from './commands.ts'
import { lineDiff } from './line-diff.ts'
import { filesOf, freeFolder, readPresent, readWorkflows, writeFiles } from './workflow-files.ts'
import type { WorkflowFiles } from './workflow-files.ts'
import { visible, visibleJson } from './visible.ts'

export const workflowsList: Command = {
  sentence: 'print the workflows with their versions and endpoints',
  usage: 'workflows list',
  flags: CLIENT_FLAGS,
  async run(invocation) {
    wordsOf(invocation, workflowsList, 0)
    for (const workflow of await allWorkflows(connect(invocation))) {
      const { id, name, version, active, endpoint } = workflow
      if (invocation.json) console.log(visibleJson(workflow))
      else
        console.log(
          `${id}  v${version}${active ? '' : ' (inactive)'}  ${endpoint}  ${visible(name)}`,
        )
    }
    return 0
  },
}

export const workflowsPull: Command = {
  sentence: 'write all workflows into a folder, each as workflow.json and a file per code step',
  usage: 'workflows pull <folder>',
  flags: CLIENT_FLAGS,
  async run(invocation) {
    const root = wordOf(invocation, workflowsPull)
    const known = new Map(readPresent(root).map((local) => [local.id, local]))
    const taken = new Set<string>()
    for (const workflow of await allWorkflows(connect(invocation))) {
      const local = known.get(workflow.id)
      const folder = local?.folder ?? freeFolder(root, workflow.name, taken)
      writeFiles(folder, filesOf(remote(workflow), local?.files))
      report(invocation.json, { folder, id: workflow.id, version: workflow.version })
    }
    return 0
  },
}

export const workflowsPush: Command = {
  sentence: 'save the workflows of a folder; one without an id is made, and its id written down',
  usage: 'workflows push <folder>',
  flags: CLIENT_FLAGS,
  async run(invocation) {
    const client = connect(invocation)
    for (const local of readWorkflows(wordOf(invocation, workflowsPush))) {
      const { folder, id, definition, files } = local
      const path = id === undefined ? '/workflows' : `/workflows/${encodeURIComponent(id)}`
      const method = id === undefined ? 'POST' : 'PUT'
      const saved = await client.call<WorkflowWire>(method, path, definition)
      if (id === undefined) writeFiles(folder, filesOf({ id: saved.id, definition }, files))
      report(invocation.json, { folder, id: saved.id, version: saved.version })
    }
    return 0
  },
}

export const workflowsDiff: Command = {
  sentence: 'print what push would change; exit code 1 if anything',
  usage: 'workflows diff <folder>',
  flags: CLIENT_FLAGS,
  async run(invocation) {
    const locals = readWorkflows(wordOf(invocation, workflowsDiff))
    const all = await allWorkflows(connect(invocation))
    let differ = false
    for (const local of locals) {
      const found = all.find(({ id }) => id === local.id)
      const before = found ? filesOf(remote(found), local.files) : new Map<string, string>()
      const after = filesOf(local, local.files)
      for (const file of new Set([...before.keys(), ...after.keys()])) {
        const lines = lineDiff(before.get(file) ?? '', after.get(file) ?? '')
        if (lines.length === 0) continue
        differ = true
        const path = join(local.folder, file)
        if (invocation.json) console.log(visibleJson({ path, id: local.id ?? null, lines }))
        else console.log([path, ...lines.map((line) => `  ${visible(line)}`)].join('\n'))
      }
    }
    return differ ? 1 : 0
  },
}

async function allWorkflows(client: ApiClient): Promise<readonly WorkflowWire[]> {
  type Page = { readonly data: readonly WorkflowWire[]; readonly nextCursor: string | null }
  const all: WorkflowWire[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page: Page = await client.call('GET', `/workflows?limit=200${query}`)
    all.push(...page.data)
    cursor = page.nextCursor
  }
  return all
}

function remote({
  id,
  name,
  steps,
  settings,
}: WorkflowWire): Omit<WorkflowFiles, 'folder' | 'files'> {
  return { id, definition: { name, steps, settings } }
}

type Done = { readonly folder: string; readonly id: string; readonly version: number }

function report(json: boolean, done: Done): void {
  console.log(json ? visibleJson(done) : `${done.folder}  v${done.version}  ${done.id}`)
}
