/**
 * A client of the API for the commands: the server's address and a token, nothing else. It is a
 * program beside the server and not part of it, so it dials on its own and not through the guard.
 */
import { Agent, request } from 'undici'
import { AppError } from '../errors.ts'

export type ApiClient = {
  /** Calls `/api/v1<path>`; rejects with the problem document's sentence unless the answer is 2xx. */
  call<Answer>(method: string, path: string, body?: unknown): Promise<Answer>
  /** Posts an event to an endpoint; resolves to the status and body of the answer, whatever they are. */
  trigger(url: string, body: unknown): Promise<{ status: number; text: string }>
  /** Yields `open` and then the messages of a server-sent event stream; rejects when it ends by itself. */
  stream(path: string, signal: AbortSignal): AsyncGenerator<{ event: string; data: string }>
}

export function createApiClient(baseUrl: string, token: string): ApiClient {
  const dispatcher = new Agent({ bodyTimeout: 0 })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const open = async (method: string, path: string, body?: unknown, signal?: AbortSignal) => {
    const url = `${baseUrl}/api/v1${path}`
    try {
      return await request(url, {
        method,
        headers,
        dispatcher,
        body: body === undefined ? null : JSON.stringify(body),
        ...(signal ? { signal } : {}),
      })
    } catch (cause) {
      throw new AppError('server_unreachable', { url: baseUrl, reason: String(cause) }, { cause })
    }
  }
  return {
    async call<Answer>(method: string, path: string, body?: unknown) {
      const answer = await open(method, path, body)
      const text = await answer.body.text()
      if (answer.statusCode >= 300) throw refusal(answer.statusCode, text)
      return (text === '' ? undefined : JSON.parse(text)) as Answer
    },
    async trigger(url, body) {
      const options = { method: 'POST', dispatcher, body: JSON.stringify(body) } as const
      const answer = await request(url, {
        ...options,
        headers: { 'content-type': 'application/json' },
      })
      return { status: answer.statusCode, text: await answer.body.text() }
    },
    async *stream(path, signal) {
      const answer = await open('GET', path, undefined, signal)
      if (answer.statusCode >= 300) throw refusal(answer.statusCode, await answer.body.text())
      yield { event: 'open', data: '' }
      let cause: unknown
      try {
        yield* messages(answer.body)
      } catch (error) {
        cause = error
      }
      if (signal.aborted) return
      const values = { url: baseUrl, reason: 'it ended the stream' }
      throw new AppError('server_unreachable', values, { cause })
    },
  }
}

function refusal(status: number, text: string): AppError {
  let reason = `the server answered ${status}`
  try {
    const problem = JSON.parse(text) as { detail?: unknown }
    if (typeof problem.detail === 'string') reason = problem.detail
  } catch {
    // Not a problem document: the status has to do.
  }
  return new AppError('api_refused', { reason })
}

/** Server-sent events (WHATWG HTML, 9.2.6), as far as this server writes them. */
async function* messages(body: AsyncIterable<Buffer>) {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop()!
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string]),
      )
      const data = fields.get('data')
      if (data !== undefined) yield { event: fields.get('event') ?? 'message', data }
    }
  }
}
