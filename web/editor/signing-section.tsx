/**
 * What the requests of a workflow are signed with: whether all are is a setting that is saved with the
 * others, the secret is made and replaced at once. While two are valid both sign, until the older lapses.
 */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId } from 'react'
import { endSigningOverlap, makeSigningSecret, signingQuery } from '../api/operations.ts'
import { RelativeTime } from '../parts/relative-time.tsx'
import { notify, notifyProblem } from '../parts/notice.tsx'
import { exactTime } from '../model/time.ts'
import { ShownOnce } from '../parts/shown-once.tsx'

type Props = {
  readonly workflowId: string
  readonly isOn: boolean
  readonly turn: (isOn: boolean) => void
}

/** `2026-11-23 10:42` */
const minuteOf = (instant: string): string => exactTime(Date.parse(instant)).slice(0, 16)

export function SigningSection({ workflowId, isOn, turn }: Props) {
  const id = useId()
  const queries = useQueryClient()
  const { queryKey } = signingQuery(workflowId)
  const { data } = useQuery(signingQuery(workflowId))
  const make = useMutation({
    mutationFn: () => makeSigningSecret(workflowId),
    onSuccess: ({ createdAt, previous }) => queries.setQueryData(queryKey, { createdAt, previous }),
    onError: notifyProblem,
  })
  const end = useMutation({
    mutationFn: () => endSigningOverlap(workflowId),
    onSuccess: (state) => {
      queries.setQueryData(queryKey, state)
      notify('Only the new secret signs now')
    },
    onError: notifyProblem,
  })
  const isMade = typeof data?.createdAt === 'string'
  return (
    <section className="settings-part" aria-labelledby={id}>
      <h3 id={id}>Signatures</h3>
      <label className="check-line">
        <input type="checkbox" checked={isOn} onChange={({ target }) => turn(target.checked)} />
        <span>
          Sign every request; otherwise those with <code>signed: true</code> are
        </span>
      </label>
      <p className="field-hint">
        Receivers check <code>webhook-signature</code> with any library for Standard Webhooks.
      </p>
      {data && (
        <p className="setting-line">
          <span>
            {data.createdAt === null ? (
              'No secret yet: the first signed request would draw one that nobody has seen.'
            ) : (
              <>
                The secret was made <RelativeTime at={data.createdAt} />.
              </>
            )}
          </span>
          <button type="button" disabled={make.isPending} onClick={() => make.mutate()}>
            {isMade ? 'Replace the secret' : 'Make the secret'}
          </button>
        </p>
      )}
      {make.data && <ShownOnce secret={make.data.secret} what="the signing secret" />}
      {data?.previous && (
        <p className="setting-line">
          <span>
            The one before it signs too, until {minuteOf(data.previous.lapsesAt)}. Give receivers
            the new one before that.
          </span>
          <button type="button" disabled={end.isPending} onClick={() => end.mutate()}>
            End it now
          </button>
        </p>
      )}
    </section>
  )
}
