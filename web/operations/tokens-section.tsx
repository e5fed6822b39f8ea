/** API tokens: issued here, shown once, revoked at once. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { TokenWire } from '../../src/inspector/wire-instance.ts'
import { createToken, revokeToken, tokensQuery } from '../api/operations.ts'
import type { TokenScope } from '../api/operations.ts'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { notify, notifyProblem } from '../parts/notice.tsx'
import { usePageActions } from '../parts/page-actions.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { RelativeTime } from '../parts/relative-time.tsx'
import { ShownOnce } from '../parts/shown-once.tsx'
import { Skeleton } from '../parts/skeleton.tsx'

const scopes: Readonly<Record<TokenScope, string>> = {
  read: 'Read',
  write: 'Read and change',
  admin: 'Everything, tokens too',
}

export function TokensSection() {
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery(tokensQuery)
  const [leaving, setLeaving] = useState<TokenWire | null>(null)
  const again = () => queries.invalidateQueries({ queryKey: tokensQuery.queryKey })
  const revoke = useMutation({
    mutationFn: ({ id }: TokenWire) => revokeToken(id),
    onSuccess: () => {
      setLeaving(null)
      notify('Revoked')
      void again()
    },
    onError: notifyProblem,
  })
  return (
    <section aria-labelledby="tokens">
      <h2 id="tokens">Tokens</h2>
      <p className="hint">For the API, the command line, and signing in here.</p>
      {error && !data && <ProblemNote problem={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={2} />}
      {data && data.length > 0 && (
        <ul className="setting-list">
          {data.map((token) => (
            <li key={token.id}>
              <span>{token.name}</span>
              <code className="faint">…{token.last4}</code>
              <span className="faint">{token.scopes.join(', ')}</span>
              <span className="faint">
                {token.lastUsedAt === null ? (
                  'never used'
                ) : (
                  <>
                    used <RelativeTime at={token.lastUsedAt} />
                  </>
                )}
              </span>
              <button type="button" className="link" onClick={() => setLeaving(token)}>
                Revoke<span className="visually-hidden"> {token.name}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <TokenForm issued={again} />
      {leaving && (
        <ConfirmDialog
          title={`Revoke ${leaving.name}?`}
          keep="Keep it"
          act="Revoke"
          isRunning={revoke.isPending}
          close={() => setLeaving(null)}
          run={() => revoke.mutate(leaving)}
        >
          Whoever uses it is refused from the next request on, and signed out here.
        </ConfirmDialog>
      )}
    </section>
  )
}

function TokenForm({ issued }: { readonly issued: () => Promise<void> }) {
  const id = useId()
  const [name, setName] = useState('')
  usePageActions(() => [
    {
      name: 'New token',
      group: 'Settings',
      also: 'issue create add api',
      run: () => document.getElementById(id)?.focus(),
    },
  ])
  const [scope, setScope] = useState<TokenScope>('read')
  const [secret, setSecret] = useState<string | null>(null)
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => createToken(name.trim(), [scope]),
    onSuccess: ({ token }) => {
      setSecret(token)
      setName('')
      void issued()
    },
  })
  return (
    <>
      <form
        className="inline-form"
        onSubmit={(event) => {
          event.preventDefault()
          mutate()
        }}
      >
        <label>
          Name
          <input
            id={id}
            value={name}
            required
            maxLength={200}
            placeholder="CI"
            autoComplete="off"
            onChange={({ target }) => setName(target.value)}
          />
        </label>
        <label>
          May
          <select value={scope} onChange={({ target }) => setScope(target.value as TokenScope)}>
            {Object.entries(scopes).map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" className="primary" disabled={isPending}>
          Issue token
        </button>
        {error && (
          <p className="field-problem" role="alert">
            {error.message}
          </p>
        )}
      </form>
      {secret !== null && (
        <>
          <ShownOnce secret={secret} what="the token" />
          <button type="button" className="link" onClick={() => setSecret(null)}>
            I have it
          </button>
        </>
      )}
    </>
  )
}
