import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { watchPresence } from './api/presence'
import { sayProved } from './api/proof'
import { Failure } from './api/problem'
import { makeRouter } from './routes'
import './shell/theme'
import './theme.css'

const at = document.getElementById('console')!

if (location.pathname.endsWith('/console/proved')) {
  at.innerHTML = '<p class="loading">Thank you. You can close this window and go on in the other one.</p>'
  sayProved()
} else {
  watchPresence()
  const queries = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // The client repeats what did not arrive; what the server refused, it will refuse again.
        retry: (count, error) => count < 2 && error instanceof Failure && (error.status === 503 || error.status === 429),
      },
    },
  })
  createRoot(at).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={makeRouter(queries)} />
      </QueryClientProvider>
    </StrictMode>,
  )
}
