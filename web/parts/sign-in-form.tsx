/**
 * Signing in with an API token. The token is given once and kept nowhere: the server answers with a
 * cookie that scripts cannot read.
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { sessionQuery, signIn } from '../api/queries.ts'

export function SignInForm({ done }: { readonly done: () => void | Promise<void> }) {
  const queries = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: signIn,
    onSuccess: async (session) => {
      queries.setQueryData(sessionQuery.queryKey, session)
      await done()
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const token = new FormData(event.currentTarget).get('token')
    if (typeof token === 'string' && token.trim() !== '') mutate(token.trim())
  }
  return (
    <form className="stack" method="post" action="/signin" onSubmit={submit}>
      <label htmlFor="token">API token</label>
      <input
        id="token"
        name="token"
        type="password"
        autoComplete="current-password"
        spellCheck={false}
        required
        autoFocus
        aria-invalid={error !== null}
        aria-describedby={error ? 'token-problem' : 'token-hint'}
      />
      {error && (
        <p id="token-problem" className="field-problem" role="alert">
          {error.message}
        </p>
      )}
      <button type="submit" className="primary" disabled={isPending}>
        Sign in
      </button>
      <p id="token-hint" className="hint">
        <code>sendoff token create --scopes admin</code> makes one.
      </p>
    </form>
  )
}
