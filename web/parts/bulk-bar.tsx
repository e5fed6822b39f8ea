/** How far a job in bulk is, and the way to end it. The page keeps the job's id in its address. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { bulkQuery, cancelBulk } from '../api/operations.ts'
import { bulkProgress } from '../model/bulk-progress.ts'
import { notifyProblem } from './notice.tsx'
import { ProblemNote } from './problem-note.tsx'

type Props = {
  readonly id: string
  readonly close: () => void
  /** Hears once that the job has ended. */
  readonly ended?: () => void
}

export function BulkBar({ id, close, ended }: Props) {
  const queries = useQueryClient()
  const { data, error } = useQuery(bulkQuery(id))
  const { mutate, isPending } = useMutation({
    mutationFn: () => cancelBulk(id),
    onSuccess: (bulk) => queries.setQueryData(bulkQuery(id).queryKey, bulk),
    onError: notifyProblem,
  })
  const isOver = data !== undefined && data.finishedAt !== null
  const hears = useRef(ended)
  useEffect(() => {
    hears.current = ended
  })
  useEffect(() => {
    if (isOver) hears.current?.()
  }, [isOver])
  if (error && !data) return <ProblemNote problem={error} close={close} />
  if (!data) return null
  const { text, share, left, problem } = bulkProgress(data)
  return (
    <section className="bulk-bar" aria-label="Work in bulk">
      <progress aria-label={text} max={1} {...(share === null ? {} : { value: share })} />
      <span role="status">{text}</span>
      {left !== null && <span className="faint">{left}</span>}
      {problem !== null && (
        <span className="bulk-problem" title={problem}>
          {problem}
        </span>
      )}
      {isOver ? (
        <button type="button" onClick={close}>
          Close
        </button>
      ) : (
        <button type="button" disabled={isPending} onClick={() => mutate()}>
          Cancel
        </button>
      )}
    </section>
  )
}
