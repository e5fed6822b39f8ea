/**
 * A workflow as files for Git: a folder each, with `workflow.json` and one file per code step, so that a
 * change of code reads as a change of code. Folders keep their names when a workflow is renamed.
 *
 * What is written can be read back as the same definition, whatever its steps are called.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { AppError } from '../errors.ts'
import type { WorkflowWire } from '../inspector/wire-workflow.ts'

type Step = WorkflowWire['steps'][number]

/** What a folder holds of a workflow; without an id it is not on a server yet. */
export type WorkflowFiles = {
  readonly folder: string
  readonly id: string | undefined
  readonly definition: Pick<WorkflowWire, 'name' | 'steps'> & {
    readonly settings?: WorkflowWire['settings']
  }
  /** Step name -> file name, for the code steps. */
  readonly files: ReadonlyMap<string, string>
}

const MANIFEST = 'workflow.json'

/** Reads what a command was told to take; a folder without any workflow is not what was meant. */
export function readWorkflows(root: string): readonly WorkflowFiles[] {
  const found = readPresent(root)
  if (found.length > 0) return found
  const reason = existsSync(root) ? `no folder in it has a ${MANIFEST}` : 'there is no such folder'
  throw new AppError('file_unreadable', { path: root, reason })
}

/** Reads every folder in `root` that has a workflow.json, by name; `root` need not be there. */
export function readPresent(root: string): readonly WorkflowFiles[] {
  if (!existsSync(root)) return []
  return readdirSync(root)
    .toSorted()
    .filter((name) => existsSync(join(root, name, MANIFEST)))
    .map((name) => readWorkflow(join(root, name)))
}

function readWorkflow(folder: string): WorkflowFiles {
  const path = join(folder, MANIFEST)
  const files = new Map<string, string>()
  try {
    const { id, ...definition } = JSON.parse(readFileSync(path, 'utf8')) as {
      id?: string
      name: string
      steps: (Step & { file?: string })[]
    }
    const steps = definition.steps.map(({ file, ...step }) => {
      if (file === undefined) return step
      if (basename(file) !== file) throw new Error(`${file} is not the name of a file beside it`)
      files.set(step.name, file)
      return { ...step, code: readFileSync(join(folder, file), 'utf8') }
    })
    return { folder, id, definition: { ...definition, steps }, files }
  } catch (cause) {
    throw new AppError('file_unreadable', { path, reason: (cause as Error).message }, { cause })
  }
}

/** The files of a workflow, by name. A code step that `known` has no file for gets one of its own. */
export function filesOf(
  { id, definition }: Pick<WorkflowFiles, 'id' | 'definition'>,
  known: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const { name, steps, settings } = definition
  const contents = new Map<string, string>([[MANIFEST, '']])
  const taken = new Set([MANIFEST, ...known.values()])
  const listed = steps.map((step) => {
    if (step.type !== 'code') return step
    const { type, name: stepName, code } = step
    const file = known.get(step.name) ?? freeName(slug(step.name, 'step'), '.js', taken)
    contents.set(file, code)
    return { type, name: stepName, file }
  })
  const manifest = { id, name, settings, steps: listed }
  return contents.set(MANIFEST, `${JSON.stringify(manifest, undefined, 2)}\n`)
}

/** Writes them into `folder`, which is made where it is not there. */
export function writeFiles(folder: string, contents: ReadonlyMap<string, string>): void {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of contents) writeFileSync(join(folder, name), text)
}

/** A folder in `root` for a workflow that has none: its name, as far as file systems like it. */
export function freeFolder(root: string, name: string, taken: Set<string>): string {
  const inUse = existsSync(root) ? readdirSync(root) : []
  return join(root, freeName(slug(name, 'workflow'), '', new Set([...inUse, ...taken]), taken))
}

function slug(name: string, instead: string): string {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  return plain.replaceAll(/^-|-$/g, '').slice(0, 60) || instead
}

function freeName(base: string, ending: string, inUse: Set<string>, taken = inUse): string {
  let name = `${base}${ending}`
  for (let number = 2; inUse.has(name); number++) name = `${base}-${number}${ending}`
  taken.add(name)
  return name
}
