import type { Webhook } from '../../api/schema'
import type { Shown } from '../../ui/secret'

/** What is shown once when a webhook gets its signing secret. */
export const signing = (one: Webhook, title: string): Shown => ({
  title,
  slug: 'counterfoil-webhook',
  values: [
    { name: 'URL', variable: 'WEBHOOK_URL', value: one.url },
    { name: 'Signing secret', variable: 'WEBHOOK_SECRET', value: one.secret ?? '', secret: true },
  ],
})
