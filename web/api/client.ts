/**
 * One call of the API, with the session's cookie. A refusal is thrown as the problem document that the
 * server wrote, whose sentence is shown as it stands.
 */
import type { ProblemWire } from '../../src/inspector/wire.ts'

export class ApiProblem extends Error {
  readonly status: number
  readonly code: string

  constructor({ status, code, detail }: Pick<ProblemWire, 'status' | 'code' | 'detail'>) {
    super(detail)
    this.name = 'ApiProblem'
    this.status = status
    this.code = code
  }
}

type Options = { readonly body?: unknown; readonly signal?: AbortSignal }

/** Calls `/api/v1<path>`. Rejects with an `ApiProblem`; status 0 where no answer came. */
export async function call<Answer>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  { body, signal }: Options = {},
): Promise<Answer> {
  const answer = await fetch(`/api/v1${path}`, {
    method,
    signal: signal ?? null,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    if (signal?.aborted) throw cause
    throw new ApiProblem({
      status: 0,
      code: 'offline',
      detail: 'Cannot reach the server: it does not answer',
    })
  })
  const text = await answer.text()
  if (!answer.ok) throw problemIn(answer.status, text)
  return (text === '' ? undefined : JSON.parse(text)) as Answer
}

function problemIn(status: number, text: string): ApiProblem {
  try {
    const { code, detail } = JSON.parse(text) as Partial<ProblemWire>
    if (typeof code === 'string' && typeof detail === 'string') {
      return new ApiProblem({ status, code, detail })
    }
  } catch {
    // Not a problem document: something between us and the server answered.
  }
  const detail = `Cannot read the answer: something other than Sendoff answered with ${status}`
  return new ApiProblem({ status, code: 'foreign', detail })
}
