/**
 * One call of the API, with the session's cookie. A refusal is thrown as the problem document that the
 * server wrote, whose sentence is shown as it stands.
 */
import type { ProblemWire } from '../../src/inspector/wire.ts'

export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  /** Which step of a workflow is to blame and where in its text, as far as it is known. */
  readonly place: Pick<ProblemWire, 'step' | 'line' | 'column'>

  constructor({ status, code, detail, ...place }: Omit<ProblemWire, 'type' | 'title'>) {
    super(detail)
    this.name = 'ApiProblem'
    this.status = status
    this.code = code
    this.place = place
  }
}

let tellSignedOut = (): void => undefined
/** Counts the times that somebody signed in. */
let session = 0

/** `listener` hears of each answer that asks to sign in, whatever was asked for, while nobody has since. */
export function whenSignedOut(listener: () => void): void {
  tellSignedOut = listener
}

type Options = { readonly body?: unknown; readonly signal?: AbortSignal }

/** Calls `/api/v1<path>`. Rejects with an `ApiProblem`; status 0 where no answer came. */
export async function call<Answer>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  { body, signal }: Options = {},
): Promise<Answer> {
  const answer = await ask(method, path, { body, ...(signal && { signal }) })
  const text = await answer.text()
  if (!answer.ok) throw problemIn(answer.status, text)
  return (text === '' ? undefined : JSON.parse(text)) as Answer
}

/** As `call`, for answers in lines: `tell` hears of progress until the last line, which is the result. */
export async function callInLines<Answer>(
  method: 'POST' | 'PUT' | 'PATCH',
  path: string,
  body: unknown,
  tell: (progress: string) => void,
): Promise<Answer> {
  const answer = await ask(method, path, { body }, 'application/x-ndjson')
  if (!answer.ok || !answer.body) throw problemIn(answer.status, await answer.text())
  let rest = ''
  for await (const text of textOf(answer.body)) {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines.filter((one) => one !== '')) {
      const read = JSON.parse(line) as Line<Answer>
      if ('result' in read) return read.result
      if ('problem' in read) throw new ApiProblem(read.problem)
      tell(read.progress)
    }
  }
  throw offline()
}

type Line<Answer> =
  | { readonly progress: string }
  | { readonly result: Answer }
  | { readonly problem: ProblemWire }

async function* textOf(body: ReadableStream<Uint8Array>): AsyncIterable<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw offline()
    })
    if (done) return
    yield decoder.decode(value, { stream: true })
  }
}

async function ask(
  method: string,
  path: string,
  { body, signal }: Options,
  accept = 'application/json',
): Promise<Response> {
  const askedIn = session
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  const answer = await fetch(`/api/v1${path}`, {
    method,
    signal: signal ?? null,
    headers: { accept, ...type },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    if (signal?.aborted) throw cause
    throw offline()
  })
  // A wrong token at the door is told there.
  const isAtDoor = method === 'POST' && path === '/session'
  if (isAtDoor && answer.ok) session++
  if (answer.status === 401 && !isAtDoor && askedIn === session) tellSignedOut()
  return answer
}

const offline = (): ApiProblem =>
  new ApiProblem({
    status: 0,
    code: 'offline',
    detail: 'Cannot reach the server: it does not answer',
  })

function problemIn(status: number, text: string): ApiProblem {
  try {
    const problem = JSON.parse(text) as Partial<ProblemWire>
    const { code, detail } = problem
    if (typeof code === 'string' && typeof detail === 'string') {
      return new ApiProblem({ ...problem, status, code, detail })
    }
  } catch {
    // Not a problem document: something between us and the server answered.
  }
  const detail = `Cannot read the answer: something other than Sendoff answered with ${status}`
  return new ApiProblem({ status, code: 'foreign', detail })
}
