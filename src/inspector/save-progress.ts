/**
 * A save waits for the packages that its steps import, a minute at worst. Who asks for lines is told how
 * far it is: `{"progress"}` any number of times, then `{"result"}` or `{"problem"}`. Everybody else gets
 * one answer at the end, as from every other route.
 *
 * What is refused before the first line is refused as ever, with its own status.
 */
import { PassThrough } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { InspectorDeps } from './ports.ts'
import { appErrorOf, problemOf } from './problem.ts'
import type { SaveLine, WorkflowWire } from './wire-workflow.ts'

const LINES = 'application/x-ndjson'

type Asked = Pick<FastifyRequest, 'headers' | 'method'>
type Answer = Pick<FastifyReply, 'code'>
type Save = (tell: (text: string) => void) => Promise<WorkflowWire>

/** Saves and answers: with `status` in one piece, with 200 in lines. */
export async function answerSave<Reply extends Answer>(
  { log }: Pick<InspectorDeps, 'log'>,
  { headers, method }: Asked,
  reply: Reply,
  status: 200 | 201,
  save: Save,
): Promise<Reply> {
  if (!headers.accept?.toLowerCase().includes(LINES)) {
    const saved = await save(() => {})
    reply.code(status).send(saved)
    return reply
  }
  const lines = new PassThrough()
  lines.on('error', () => {}) // Whoever asked has gone: the save goes on.
  let hasBegun = false
  const write = (line: SaveLine): void => {
    if (!hasBegun) {
      hasBegun = true
      const type = `${LINES}; charset=utf-8`
      reply.code(200).header('content-type', type).header('x-accel-buffering', 'no').send(lines)
    }
    if (!lines.destroyed) lines.write(`${JSON.stringify(line)}\n`)
  }
  try {
    write({ result: await save((progress) => write({ progress })) })
  } catch (thrown) {
    if (!hasBegun) throw thrown
    const refusal = appErrorOf(thrown as Error)
    if (refusal.code === 'internal') log.error('a save failed', { method, error: thrown })
    write({ problem: problemOf(refusal) })
  }
  lines.end()
  return reply
}
