/** Puts text on the clipboard, also where the page is served without TLS and the platform offers none. */
import { notify } from './notice.tsx'

/** `what` completes the sentence "Copied ..." that is shown and read out. */
export async function copyText(text: string, what: string): Promise<void> {
  const isDone = await (isSecureContext
    ? writeClipboard(text)
    : Promise.resolve(copyBySelection(text)))
  if (isDone) notify(`Copied ${what}`)
  else notify('Cannot copy: the browser does not allow it, select the text instead', 'failed')
}

const writeClipboard = (text: string): Promise<boolean> =>
  navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  )

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea')
  const focused = document.activeElement
  area.value = text
  area.className = 'visually-hidden'
  document.body.append(area)
  area.select()
  const isDone = document.execCommand('copy')
  area.remove()
  if (focused instanceof HTMLElement) focused.focus()
  return isDone
}
