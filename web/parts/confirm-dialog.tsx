/** A question before something that cannot be taken back, with what it means. */
import { AlertDialog } from '@base-ui/react/alert-dialog'
import type { ReactNode } from 'react'

type Props = {
  readonly title: ReactNode
  readonly children: ReactNode
  /** The two answers: to leave things as they are, and to act. */
  readonly keep: string
  readonly act: string
  readonly isRunning?: boolean
  readonly close: () => void
  readonly run: () => void
}

export function ConfirmDialog({ title, children, keep, act, isRunning, close, run }: Props) {
  return (
    <AlertDialog.Root open onOpenChange={(open) => !open && close()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog">
          <AlertDialog.Title className="dialog-title">{title}</AlertDialog.Title>
          <AlertDialog.Description>{children}</AlertDialog.Description>
          <div className="dialog-actions">
            <AlertDialog.Close>{keep}</AlertDialog.Close>
            <button type="button" className="danger" disabled={isRunning ?? false} onClick={run}>
              {act}
            </button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
