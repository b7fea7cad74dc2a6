// The colours. public/theme.js sets them before the first paint; here they are changed.
const dark = matchMedia('(prefers-color-scheme: dark)')

/** The colours that are shown. */
export const theme = () => document.documentElement.dataset.theme as 'light' | 'dark'

const show = () => {
  document.documentElement.dataset.theme = localStorage.getItem('theme') ?? (dark.matches ? 'dark' : 'light')
}

/** Keeps a choice on this browser; nothing means to follow the system. */
export function chooseTheme(choice: 'light' | 'dark' | undefined) {
  if (choice) localStorage.setItem('theme', choice)
  else localStorage.removeItem('theme')
  show()
}

dark.addEventListener('change', show)
