/**
 * Whatever user code throws, as data: an Error, a string, null, a Proxy that throws when it is looked at.
 * Positions are those of the user's own text; a stack keeps the frames in steps and names them by step.
 */
import { inspect, types } from 'node:util'
import type { StepError } from '../../model/run.ts'
import type { LoadedStep } from '../protocol.ts'
import { stepOfUrl, STEP_URL } from './step-modules.ts'

const TEXT_LENGTH = 8_192
const STACK_LENGTH = 65_536
const CAUSES = 3

/** Never throws, whatever it is given. */
export function describeThrown(thrown: unknown, steps: readonly LoadedStep[]): StepError {
  try {
    const frames = framesOf(thrown, steps)
    const { name, message } = headOf(thrown)
    const lines = [`${name}: ${message}`, ...frames.map((frame) => `    at ${frame.text}`)]
    const stack = lines.concat(causesOf(thrown)).join('\n').slice(0, TEXT_LENGTH)
    return {
      name,
      message,
      stack,
      line: frames[0]?.line ?? null,
      column: frames[0]?.column ?? null,
    }
  } catch {
    const message = 'The step failed with a value that cannot be described'
    return { name: 'Error', message, stack: `Error: ${message}`, line: null, column: null }
  }
}

/** A frame within a text, and what `inspect` puts behind the last one: ` {` and the like. */
const FRAME = /^(\s+)at (?:.*:\d+:\d+\)?|.*\(<anonymous>\))((?: \{|[},\]])*)$/
const CUT_FRAMES = /^\s+\.\.\. \d+ lines matching cause stack trace \.\.\.$/

/**
 * A text in which stacks show the user's frames and no others, at the user's own positions: what is
 * logged of an error reads as what is shown of one that ends the step.
 */
export function readableStacks(text: string, steps: readonly LoadedStep[]): string {
  if (!text.includes(STEP_URL)) return text
  const lines: string[] = []
  for (const line of text.split('\n')) {
    const [, indent, behind = ''] = FRAME.exec(line) ?? []
    const frame =
      indent === undefined ? null : frameOf(line.slice(0, line.length - behind.length), steps)
    if (frame) lines.push(`${indent}at ${frame.text}${behind}`)
    else if (indent !== undefined) lines.push(`${lines.pop() ?? ''}${behind}`)
    else if (!CUT_FRAMES.test(line)) lines.push(line)
  }
  return lines.join('\n')
}

function headOf(thrown: unknown): { name: string; message: string } {
  if (types.isProxy(thrown)) return { name: 'Error', message: 'A Proxy was thrown' }
  if (typeof thrown === 'string') return { name: 'Error', message: thrown.slice(0, TEXT_LENGTH) }
  if (typeof thrown === 'object' && thrown !== null) {
    const message = deniedText(thrown) ?? textOf(thrown, 'message')
    if (message !== null)
      return { name: (textOf(thrown, 'name') || 'Error').slice(0, 200), message }
  }
  const shown = inspect(thrown, { depth: 2, breakLength: Infinity, customInspect: false })
  return { name: 'Error', message: `${shown.slice(0, TEXT_LENGTH)} was thrown` }
}

/** What Node says of a door that is closed names flags which nobody can set here. */
const DENIED = new Map([
  ['ChildProcess', 'Cannot start a process: a run has one process and may start no other'],
  ['WorkerThreads', 'Cannot start a thread: a run has one thread and may start no other'],
  ['FileSystemRead', 'Cannot read this file: a step has no files but those of its packages'],
  ['FileSystemWrite', 'Cannot write a file: a step has no files of its own'],
  ['Net', 'Cannot open this socket: a step may connect over TCP and do nothing else'],
])

function deniedText(thrown: object): string | null {
  if (textOf(thrown, 'code') !== 'ERR_ACCESS_DENIED') return null
  return DENIED.get(textOf(thrown, 'permission') ?? '') ?? null
}

/** A text property of a hostile object, or null. */
function textOf(value: object, key: string): string | null {
  try {
    const text = (value as Record<string, unknown>)[key]
    return typeof text === 'string' ? text.slice(0, TEXT_LENGTH) : null
  } catch {
    return null
  }
}

function causesOf(thrown: unknown): string[] {
  const lines: string[] = []
  let value = thrown
  for (let depth = 0; depth < CAUSES; depth++) {
    if (types.isProxy(value) || typeof value !== 'object' || value === null) break
    try {
      value = (value as { cause?: unknown }).cause
    } catch {
      break
    }
    if (value === undefined) break
    const { name, message } = headOf(value)
    lines.push(`  [cause]: ${name}: ${message}`)
  }
  return lines
}

type Frame = { readonly text: string; readonly line: number; readonly column: number }

const POSITION = /:(\d{1,9}):(\d{1,9})\)?$/

function framesOf(thrown: unknown, steps: readonly LoadedStep[]): Frame[] {
  if (types.isProxy(thrown) || typeof thrown !== 'object' || thrown === null) return []
  const stack = stackOf(thrown)
  if (stack === null) return []
  const frames: Frame[] = []
  for (const line of stack.slice(0, STACK_LENGTH).split('\n')) {
    const frame = frameOf(line, steps)
    if (frame) frames.push(frame)
  }
  return frames
}

function stackOf(thrown: object): string | null {
  try {
    const { stack } = thrown as Error
    return typeof stack === 'string' ? stack : null
  } catch {
    return null
  }
}

/** Reads `    at name (file:///.../step.js:3:9)`; null for frames outside the steps. */
function frameOf(text: string, steps: readonly LoadedStep[]): Frame | null {
  const start = text.indexOf(STEP_URL)
  const position = start === -1 ? null : POSITION.exec(text)
  if (!position) return null
  const name = stepOfUrl(text.slice(start, position.index))
  const step = steps.find((candidate) => candidate.name === name)
  if (!step) return null
  const line = Number(position[1])
  const column = Number(position[2]) - (line === 1 ? step.prefix : 0)
  // Code of ours that the compiler put in front of the user's text.
  if (column < 1) return null
  const caller = /^\s*at (?:async )?([\w$.<> ]{1,100}) \(\S*$/.exec(text.slice(0, start))?.[1]
  const place = `${name}:${line}:${column}`
  // The function around the user's text is ours: it has no name in the user's eyes.
  const named = caller && !/(^|\.)default$|^(Object|Module)\./.test(caller)
  return { text: named ? `${caller} (${place})` : place, line, column }
}
