/** Every version that was saved: what each changed against what is being edited, and the way back to it. */
import { Dialog } from '@base-ui/react/dialog'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { VersionWire } from '../../src/inspector/wire-workflow.ts'
import { versionsQuery } from '../api/queries.ts'
import { definitionDiff } from '../model/definition-diff.ts'
import { stepsOf } from '../model/draft.ts'
import { useBackCloses } from '../parts/back-closes.ts'
import { OlderButton } from '../parts/older-button.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { RelativeTime } from '../parts/relative-time.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { Diff } from './diff.tsx'
import { useEditor } from './use-editor.ts'
import { useRevert } from './use-revert.ts'

export function VersionsDialog({ close }: { readonly close: () => void }) {
  useBackCloses(close)
  return (
    <Dialog.Root open onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog dialog-wide">
          <Dialog.Title className="dialog-title">Versions</Dialog.Title>
          <Versions close={close} />
          <div className="dialog-actions">
            <Dialog.Close>Close</Dialog.Close>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Versions({ close }: { readonly close: () => void }) {
  const id = useEditor(({ base }) => base.id)
  const isChanged = useEditor((state) => state.isChanged)
  const list = useInfiniteQuery({ ...versionsQuery(id), staleTime: 0 })
  const { data, error, refetch } = list
  const [chosen, setChosen] = useState<number | null>(null)
  if (error && !data) return <ProblemNote problem={error} retry={() => void refetch()} />
  if (!data) return <Skeleton lines={4} />
  // The newest that differs: with nothing changed, the one before.
  const byDefault = data[isChanged ? 0 : 1] ?? data[0]
  const version = data.find((one) => one.version === chosen) ?? byDefault
  return (
    <div className="versions">
      <ol className="version-list" aria-label="Versions">
        {data.map((one) => (
          <li key={one.version}>
            <button
              type="button"
              className="version"
              aria-pressed={one === version}
              onClick={() => setChosen(one.version)}
            >
              <span>v{one.version}</span>
              <span className="faint">
                <RelativeTime at={one.createdAt} />
              </span>
            </button>
          </li>
        ))}
        {list.hasNextPage && (
          <li>
            <OlderButton list={list} />
          </li>
        )}
      </ol>
      {version && <Compared version={version} close={close} />}
    </div>
  )
}

function Compared({ version, close }: { version: VersionWire; close: () => void }) {
  const draft = useEditor((state) => state.draft)
  const base = useEditor((state) => state.base)
  const latest = useEditor((state) => state.latest)
  const isChanged = useEditor((state) => state.isChanged)
  const revert = useRevert(close)
  const now = { name: draft.name, steps: stepsOf(draft), settings: base.settings }
  const sections = definitionDiff(version, now)
  const current = isChanged ? 'your unsaved changes' : `v${base.version}, the current one`
  const isLatest = version.version === latest.version
  return (
    <div className="compared">
      <div className="compared-head">
        <p>
          {sections.length === 0
            ? `v${version.version} is the same as ${current}.`
            : `From v${version.version} to ${current}:`}
        </p>
        {!isLatest && (
          <button
            type="button"
            className="primary-quiet"
            disabled={revert.isPending}
            onClick={() => revert.mutate(version)}
          >
            Revert to v{version.version}
            {isChanged && ', drop my changes'}
          </button>
        )}
      </div>
      <Diff sections={sections} />
    </div>
  )
}
