/** What a page may ask of the shell around it. */
import { createContext } from 'react'

export const ShellContext = createContext<{ readonly openPalette: () => void }>({
  openPalette: () => undefined,
})
