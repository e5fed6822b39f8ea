/** How far a job in bulk is, and the way to end it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { bulkQuery, cancelBulk } from '../api/operations.ts'
import { bulkProgress } from '../model/bulk-progress.ts'
import { notifyProblem } from '../parts/notice.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'

export function BulkBar({ id, close }: { readonly id: string; readonly close: () => void }) {
  const queries = useQueryClient()
  const { data, error } = useQuery(bulkQuery(id))
  const { mutate, isPending } = useMutation({
    mutationFn: () => cancelBulk(id),
    onSuccess: (bulk) => queries.setQueryData(bulkQuery(id).queryKey, bulk),
    onError: notifyProblem,
  })
  const isOver = data !== undefined && data.finishedAt !== null
  useEffect(() => {
    if (isOver) void queries.invalidateQueries({ queryKey: ['deliveries'] })
  }, [isOver, queries])
  if (error && !data) return <ProblemNote problem={error} retry={close} />
  if (!data) return null
  const { text, share, problem } = bulkProgress(data)
  return (
    <section className="bulk-bar" aria-label="Work in bulk">
      <progress aria-label={text} max={1} {...(share === null ? {} : { value: share })} />
      <span role="status">{text}</span>
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
