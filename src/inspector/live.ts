/**
 * The live streams of a workflow, or of all of an account: what changed, as it changes. A stream lives no
 * longer than the token that opened it: a revoked one ends at once, an expired one with the next
 * heartbeat. A server that drains ends them all: readers come back to another, or to the next start.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { AppError } from '../errors.ts'
import type { Principal } from '../model/account.ts'
import type { Hint } from '../notifier/notifier.ts'
import type { Api } from './api.ts'
import type { Identify } from './caller.ts'
import { findWorkflow } from './find.ts'
import { LiveStream } from './live-stream.ts'
import type { LiveData } from './wire-event.ts'
import type { InspectorDeps } from './ports.ts'

type Deps = Pick<InspectorDeps, 'store' | 'notifier'> & { readonly identify: Identify }

type Options = {
  readonly heartbeatMs: number
  /** Streams open at a time; the next is refused. */
  readonly capacity: number
}

type Reader = { readonly principal: Principal; readonly stream: LiveStream }

export class LiveStreams {
  readonly #deps: Deps
  readonly #options: Options
  readonly #readers = new Set<Reader>()
  #draining = false

  constructor(deps: Deps, options: Options) {
    this.#deps = deps
    this.#options = options
  }

  addRoutes(api: Api): void {
    api.get(
      '/workflows/:id/live',
      {
        exposeHeadRoute: false,
        config: { scope: 'read' },
        schema: {
          tags: ['events'],
          summary: 'Follow a workflow by server-sent events',
          description:
            'Events named event, run and delivery carry {eventId, deliveryId?}; reset means: read anew, hints were lost.',
          params: Type.Object({ id: Type.String() }),
          produces: ['text/event-stream'],
          response: { 200: Type.String() },
        },
      },
      async (request, reply) => {
        const { id } = await findWorkflow(this.#deps.store, request.principal, request.params.id)
        this.#open(request, reply, id)
      },
    )

    api.get(
      '/live',
      {
        exposeHeadRoute: false,
        config: { scope: 'read' },
        schema: {
          tags: ['events'],
          summary: 'Follow all workflows by server-sent events',
          description: 'As the stream of one workflow; its events carry workflowId as well.',
          produces: ['text/event-stream'],
          response: { 200: Type.String() },
        },
      },
      async (request, reply) => this.#open(request, reply, null),
    )
  }

  /** Ends the streams of a token. */
  revoke(tokenId: string): void {
    for (const { principal, stream } of this.#readers) {
      if (principal.tokenId === tokenId) stream.close()
    }
  }

  /** Ends every stream, and refuses new ones from now on. */
  drain(): void {
    this.#draining = true
    for (const { stream } of this.#readers) stream.close()
  }

  /** Takes the connection over. `workflowId` null follows all of the account. */
  #open(request: FastifyRequest, reply: FastifyReply, workflowId: string | null): void {
    if (this.#draining) throw new AppError('draining')
    if (this.#readers.size >= this.#options.capacity) {
      throw new AppError('overloaded', { what: 'the number of live streams' })
    }
    if (reply.raw.destroyed) return // gone while we looked: nobody would ever take the listener down
    reply.hijack()
    const resumes = request.headers['last-event-id'] !== undefined
    const stream = new LiveStream(reply.raw, resumes)
    const reader = { principal: request.principal, stream }
    this.#follow(reader, workflowId, () => this.#deps.identify(request), reply.raw)
  }

  #follow(
    reader: Reader,
    workflowId: string | null,
    proveAgain: () => Promise<Principal>,
    response: { once(event: 'close', listener: () => void): unknown },
  ): void {
    const { principal, stream } = reader
    const leave = this.#deps.notifier.subscribe((hint) => {
      if (hint.kind === 'env' || hint.accountId !== principal.accountId) return
      if (workflowId === null) tell(stream, hint, { workflowId: hint.workflowId })
      else if (hint.workflowId === workflowId) tell(stream, hint, {})
    })
    const heart = setInterval(() => {
      stream.beat()
      proveAgain().catch(() => stream.close())
    }, this.#options.heartbeatMs)
    this.#readers.add(reader)
    response.once('close', () => {
      leave()
      clearInterval(heart)
      this.#readers.delete(reader)
    })
  }
}

function tell(
  stream: LiveStream,
  hint: Exclude<Hint, { kind: 'env' }>,
  of: Pick<LiveData, 'workflowId'>,
): void {
  if (hint.kind === 'workflow' || hint.kind === 'signing') return
  const { kind, eventId } = hint
  const ids = kind === 'delivery' ? { eventId, deliveryId: hint.deliveryId } : { eventId }
  stream.send(kind, { ...of, ...ids })
}
