/** Light, dark, or as the system is; the browser remembers the choice. */
export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const STORED = 'sendoff.theme'

export function storedTheme(): Theme {
  const stored = localStorage.getItem(STORED)
  return themes.find((theme) => theme === stored) ?? 'system'
}

export function applyTheme(theme: Theme = storedTheme()): void {
  localStorage.setItem(STORED, theme)
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}
