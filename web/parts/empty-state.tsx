/** What an empty place says: one sentence, and the one command that fills it. */
import type { ReactNode } from 'react'
import { CopyButton } from './copy-button.tsx'

type Props = {
  readonly children: ReactNode
  readonly command?: string
  readonly action?: ReactNode
}

export function EmptyState({ children, command, action }: Props) {
  return (
    <div className="empty">
      <p>{children}</p>
      {command !== undefined && (
        <div className="command">
          <code>{command}</code>
          <CopyButton text={command} what="the command" />
        </div>
      )}
      {action}
    </div>
  )
}
