/**
 * Signing in over the page, where leaving it for the door would lose what somebody typed. Nothing of the
 * page works before, so it is not closed by a key.
 */
import { Dialog } from '@base-ui/react/dialog'
import { useQueryClient } from '@tanstack/react-query'
import { SignInForm } from '../parts/sign-in-form.tsx'
import { setSessionEnded } from './session-end.ts'

export function SignInAgain() {
  const queries = useQueryClient()
  const goOn = (): void => {
    setSessionEnded(false)
    void queries.invalidateQueries()
  }
  return (
    <Dialog.Root open>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <Dialog.Title className="dialog-title">Your session has ended</Dialog.Title>
          <Dialog.Description>Sign in to go on. What you typed is kept.</Dialog.Description>
          <SignInForm done={goOn} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
