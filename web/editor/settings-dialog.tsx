/**
 * How a workflow runs and delivers: saved by itself, as a version like any other, without touching steps
 * that are being edited. Secrets are made and replaced at once, apart from what is saved.
 */
import { Dialog } from '@base-ui/react/dialog'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { FormEvent, ReactNode } from 'react'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { saveWorkflow, versionsQuery, workflowQuery } from '../api/queries.ts'
import { useBackCloses } from '../parts/back-closes.ts'
import { notify } from '../parts/notice.tsx'
import { SigningSection } from './signing-section.tsx'
import { TriggerAuthSection } from './trigger-auth-section.tsx'
import { useDraftStore, useEditor } from './use-editor.ts'

type Settings = WorkflowWire['settings']

export function SettingsDialog({ close }: { readonly close: () => void }) {
  useBackCloses(close)
  return (
    <Dialog.Root open onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog dialog-form">
          <Dialog.Title className="dialog-title">Settings of the workflow</Dialog.Title>
          <SettingsForm close={close} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function SettingsForm({ close }: { readonly close: () => void }) {
  const store = useDraftStore()
  const queries = useQueryClient()
  const latest = useEditor((state) => state.latest)
  const [settings, setSettings] = useState<Settings>(latest.settings)
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => {
      const { timeoutMs, memoryMb, rate, deliverOnError, resendInterrupted } = settings
      const { retry, response, isolation, signing, triggerAuth } = settings
      const changes = { timeoutMs, memoryMb, rate, deliverOnError, resendInterrupted, retry }
      const body = { settings: { ...changes, response, isolation, signing, triggerAuth } }
      return saveWorkflow(latest.id, { ...body, expectedVersion: latest.version }, notify)
    },
    onSuccess: (saved) => {
      // Over a version that somebody else saved meanwhile, it is still to be decided what becomes of the draft.
      if (store.state().base.version === latest.version) store.saved(saved)
      else store.hear(saved)
      queries.setQueryData(workflowQuery(saved.id).queryKey, saved)
      void queries.invalidateQueries({ queryKey: versionsQuery(saved.id).queryKey })
      notify(`Saved as v${saved.version}`)
      close()
    },
    // Saved elsewhere meanwhile: the next try is over what was.
    onError: () => void queries.invalidateQueries({ queryKey: workflowQuery(latest.id).queryKey }),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    mutate()
  }
  const set = (change: Partial<Settings>): void => setSettings({ ...settings, ...change })
  return (
    <form className="form" onSubmit={submit}>
      <SettingsFields settings={settings} set={set} />
      <TriggerAuthSection
        endpoint={latest.endpoint}
        auth={settings.triggerAuth}
        change={(triggerAuth) => set({ triggerAuth })}
      />
      <SigningSection
        workflowId={latest.id}
        isOn={settings.signing !== null}
        turn={(isOn) => set({ signing: isOn ? { version: 'v1' } : null })}
      />
      {error && (
        <p className="field-problem" role="alert">
          {error.message}
        </p>
      )}
      <div className="dialog-actions">
        <Dialog.Close>Close</Dialog.Close>
        <button type="submit" className="primary" disabled={isPending}>
          Save settings
        </button>
      </div>
    </form>
  )
}

type FieldsProps = {
  readonly settings: Settings
  readonly set: (change: Partial<Settings>) => void
}

function SettingsFields({ settings, set }: FieldsProps) {
  const { timeoutMs, memoryMb, rate, deliverOnError, resendInterrupted } = settings
  const { retry, response, isolation } = settings
  return (
    <>
      <div className="settings-grid">
        <NumberField
          label="Time limit of a run, in seconds"
          value={timeoutMs / 1000}
          change={(seconds) => set({ timeoutMs: seconds * 1000 })}
        />
        <NumberField
          label="Memory of a run, in MB"
          value={memoryMb}
          change={(value) => set({ memoryMb: value })}
        />
        <NumberField
          label="Events per second, at most"
          value={rate.perSecond}
          change={(perSecond) => set({ rate: { ...rate, perSecond } })}
        />
        <NumberField
          label="Of these at once"
          value={rate.burst}
          change={(burst) => set({ rate: { ...rate, burst } })}
        />
      </div>
      <Check is={deliverOnError} set={(is) => set({ deliverOnError: is })}>
        Deliver what a run sent before it failed
      </Check>
      <Check is={resendInterrupted} set={(is) => set({ resendInterrupted: is })}>
        Send again what a crash of this server interrupted
      </Check>
      <Check
        is={retry !== null && retry !== false}
        set={(is) => set({ retry: is ? (retry === false ? true : (retry ?? true)) : null })}
      >
        Retry after network errors, 408, 425, 429 and 5xx
      </Check>
      <Check is={response === 'custom'} set={(is) => set({ response: is ? 'custom' : 'default' })}>
        <span>
          Answer the request by <code>$respond</code>, once the steps have called it
        </span>
      </Check>
      <Check is={isolation === 'run'} set={(is) => set({ isolation: is ? 'run' : 'warm' })}>
        A fresh process for each run
      </Check>
    </>
  )
}

type NumberProps = {
  readonly label: string
  readonly value: number
  readonly change: (value: number) => void
}

/** What is out of bounds is the server's to refuse: it names the bounds. */
function NumberField({ label, value, change }: NumberProps) {
  const id = useId()
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        type="number"
        step="any"
        required
        value={Number.isNaN(value) ? '' : value}
        onChange={({ target }) => change(target.valueAsNumber)}
      />
    </div>
  )
}

type CheckProps = {
  readonly is: boolean
  readonly set: (is: boolean) => void
  readonly children: ReactNode
}

function Check({ is, set, children }: CheckProps) {
  return (
    <label className="check-line">
      <input type="checkbox" checked={is} onChange={({ target }) => set(target.checked)} />
      <span>{children}</span>
    </label>
  )
}
